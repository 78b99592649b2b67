/**
 * A deterministic simulation of the commit path: the real committer, object locks, staging, file log, index and
 * invalidation queue, run by simulated clients on a simulated disk, with every choice drawn from one seed.
 *
 * <p>Starting points: {@link io.zeolite.simulation.Simulation} is one run: several lives of a server on one disk, each
 * with its clients ({@link io.zeolite.simulation.SimulatedClient} keeps a cache as Python's does,
 * {@link io.zeolite.simulation.SimulatedConnection} runs transactions) and its end: in order, stopped in the midst of
 * everything, killed, or crashed with what was not forced torn and lost ({@link io.zeolite.simulation.SimulatedDisk}).
 * {@link io.zeolite.simulation.History} is the oracle: it knows what every client was told and checks every answer, every
 * load, every commit, and the file after each life. {@link io.zeolite.simulation.SimulatedScheduler} interleaves
 * everything and owns the time; each operation on the disk is a point where others may go on.
 *
 * <p>To replay a seed and see what happened in it, line by line:
 *
 * <pre>
 * mvn -pl server -am test -Dtest=CommitPathSimulationTest -Dsurefire.failIfNoSpecifiedTests=false -Dsimulation.seed=42
 * </pre>
 *
 * <p>{@code -Dsimulation.seeds=100000} runs more seeds, and {@code mvn -Psoak -pl server -am test} runs them for
 * {@code -Dsimulation.minutes} (30).
 *
 * <p>A line of the trace has a number, an event and its details. {@code run c2/3} is a task on the event loop of the third
 * connection of client 2, {@code run committer} and {@code run io} are tasks of the committer and of the I/O threads; what
 * follows is what they do, up to the next {@code run}. If that comes between two operations on the disk, it is nested: the
 * task before goes on later. {@code c2.7} is the seventh transaction of client 2. {@code store c2/3 c2.7 4 405e.. 55}:
 * object 4, over the revision with this serial, 55 bytes. {@code voted c2/3 c2.7 1}: with one conflict.
 * {@code written 664 240}: 240 bytes at 664. The first line has the settings that the seed has drawn, and
 * {@code life CRASHED} says how the life that follows will end.
 */
@NullMarked
package io.zeolite.simulation;

import org.jspecify.annotations.NullMarked;
