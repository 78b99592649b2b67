package io.zeolite.cli;

import io.zeolite.config.ServerConfig.NamedStorage;
import io.zeolite.config.StorageConfig.FileStorage;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.List;
import java.util.stream.Collectors;

/** What the server says on the terminal when clients can connect. */
final class Greeting {
    private final List<NamedStorage> storages;
    private final SocketAddress address;

    Greeting(List<NamedStorage> storages, SocketAddress address) {
        this.storages = storages;
        this.address = address;
    }

    /** One line, for the log of a supervisor. */
    String line() {
        String names = storages.stream().map(NamedStorage::name).collect(Collectors.joining(", "));
        return "zeolite: serving " + (storages.size() == 1 ? "storage " : "storages ") + names + " on " + where();
    }

    /**
     * What is served, from where, and the exact text that connects to it. For a server without a configuration file, whose
     * storages are all files, the first one named 1.
     */
    String text() {
        NamedStorage first = storages.get(0);
        boolean blobs = hasBlobs((FileStorage) first.storage());
        StringBuilder out = new StringBuilder("Zeolite serves on " + where() + ", stop it with Ctrl-C:\n");
        for (NamedStorage storage : storages) {
            out.append("  storage ")
                    .append(storage.name())
                    .append(": ")
                    .append(describe((FileStorage) storage.storage()))
                    .append('\n');
        }
        out.append("\nin zope.conf:\n  <zeoclient>\n    server ")
                .append(server())
                .append("\n    storage ");
        out.append(first.name())
                .append(blobs ? "\n    blob-dir var/blobcache\n" : "\n")
                .append("  </zeoclient>\n");
        out.append("\nin Python:\n  import ZEO\n  db = ZEO.DB(").append(pythonAddress());
        out.append(blobs ? ", blob_dir='blobcache'" : "").append(")\n");
        return out.toString();
    }

    private static String describe(FileStorage storage) {
        return storage.path() + (hasBlobs(storage) ? ", blobs in " + storage.blobDirectory() : "");
    }

    private static boolean hasBlobs(FileStorage storage) {
        return storage.blobDirectory() != null;
    }

    private String where() {
        return address instanceof InetSocketAddress inet && inet.getAddress().isAnyLocalAddress()
                ? "port " + inet.getPort() + " of all interfaces"
                : server();
    }

    /** The address for a client, as a configuration has it. */
    private String server() {
        if (address instanceof InetSocketAddress inet) {
            String host = host(inet);
            return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + inet.getPort();
        }
        return socketPath();
    }

    private String pythonAddress() {
        return address instanceof InetSocketAddress inet
                ? "('" + host(inet) + "', " + inet.getPort() + ")"
                : "'" + socketPath() + "'";
    }

    private String socketPath() {
        return ((UnixDomainSocketAddress) address)
                .getPath()
                .toAbsolutePath()
                .normalize()
                .toString();
    }

    /** All interfaces include this one, which is the only one that surely leads here. */
    private static String host(InetSocketAddress inet) {
        return inet.getAddress().isAnyLocalAddress()
                ? "127.0.0.1"
                : inet.getAddress().getHostAddress();
    }
}
