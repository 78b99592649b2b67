/**
 * The configuration: what the sections and keys of {@code zeo.conf} mean, and the typed records that they become.
 *
 * <p>Start with {@link io.zeolite.config.ServerConfig}. Each section has a class that declares its keys, with their
 * defaults, and reads them: {@code ZeoSection}, {@code StorageSections}, {@code EventlogSection}. The grammar below is
 * {@code io.zeolite.config.zconfig}.
 */
@NullMarked
package io.zeolite.config;

import org.jspecify.annotations.NullMarked;
