/**
 * What a transaction holds before it is voted: its records, in memory or spilled to a file, and the files that blobs are
 * written to as they arrive. Event loops put bytes in and never wait for the disk; a pool of I/O threads writes them.
 *
 * <p>Starting points: {@link io.zeolite.commit.staging.RecordStaging},
 * {@link io.zeolite.commit.staging.SerialFileWriter}.
 */
@NullMarked
package io.zeolite.commit.staging;

import org.jspecify.annotations.NullMarked;
