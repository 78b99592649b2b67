/** Blobs up and down, in every size, with a blob directory of the client's own or shared with the server. */
@NullMarked
package io.zeolite.it.blob;

import org.jspecify.annotations.NullMarked;
