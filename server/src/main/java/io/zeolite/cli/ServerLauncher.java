package io.zeolite.cli;

import io.zeolite.config.ServerConfig;
import java.io.IOException;

/** Makes a server of a configuration. */
@FunctionalInterface
public interface ServerLauncher {
    /**
     * Opens the storages and listens. When it returns, clients can connect; when it throws, nothing is left open.
     *
     * @throws IOException if that is not possible; the message is one line for the operator
     */
    RunningServer start(ServerConfig config) throws IOException;
}
