/** The conversation with one client. */
@NullMarked
package io.zeolite.session;

import org.jspecify.annotations.NullMarked;
