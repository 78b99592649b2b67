package io.zeolite.pickle;

/**
 * A Python class or function by name, one of the few that {@link PickleReader} lets a pickle name. It is data: nothing
 * is imported or called.
 */
public record PyGlobal(String module, String name) {
    @Override
    public String toString() {
        return module + "." + name;
    }
}
