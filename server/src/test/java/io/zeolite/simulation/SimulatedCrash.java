package io.zeolite.simulation;

/** The process ends here. An error, so that nothing on its way out takes it for one of the disk's. */
final class SimulatedCrash extends Error {
    private static final long serialVersionUID = 1L;

    SimulatedCrash() {
        super("simulated crash", null, false, false);
    }
}
