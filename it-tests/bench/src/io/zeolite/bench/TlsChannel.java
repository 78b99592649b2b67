package io.zeolite.bench;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/** A blocking connection over TLS to a server on this machine, whose certificate is not looked at. */
final class TlsChannel implements ByteChannel {
    private static final int BUFFER_BYTES = 1 << 16;

    private final SSLSocket socket;
    private final InputStream in;
    private final OutputStream out;
    private final byte[] received = new byte[BUFFER_BYTES];
    private final byte[] sent = new byte[BUFFER_BYTES];

    private TlsChannel(SSLSocket socket) throws IOException {
        this.socket = socket;
        this.in = socket.getInputStream();
        this.out = socket.getOutputStream();
    }

    static TlsChannel open(InetSocketAddress address) throws IOException {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(identity(), new TrustManager[] {new Anybody()}, null);
            SSLSocket socket = (SSLSocket)
                    context.getSocketFactory().createSocket(address.getAddress(), address.getPort());
            socket.setTcpNoDelay(true);
            return new TlsChannel(socket);
        } catch (GeneralSecurityException e) {
            throw new IOException(e);
        }
    }

    private static KeyManager[] identity() throws GeneralSecurityException, IOException {
        char[] password = "bench".toCharArray();
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(KeyStore.getInstance(new File(System.getProperty("bench.identity")), password), password);
        return keys.getKeyManagers();
    }

    @Override
    public int read(ByteBuffer to) throws IOException {
        int count = in.read(received, 0, Math.min(received.length, to.remaining()));
        if (count > 0) {
            to.put(received, 0, count);
        }
        return count;
    }

    @Override
    public int write(ByteBuffer from) throws IOException {
        int count = Math.min(sent.length, from.remaining());
        from.get(sent, 0, count);
        out.write(sent, 0, count);
        return count;
    }

    @Override
    public boolean isOpen() {
        return !socket.isClosed();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    private static final class Anybody implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
