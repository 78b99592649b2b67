/**
 * A load generator for ZEO servers that costs little beside them. Start at {@link io.zeolite.bench.LoadGenerator}. It uses nothing but
 * the JDK, so that it is compiled and started without a build, and it shares no code with the server that it measures.
 */
package io.zeolite.bench;
