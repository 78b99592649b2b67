package io.zeolite.cli;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the process does when it is sent a signal, other than to end. The JVM has an interface for that which is not part of
 * the Java API but is in every JDK; the launcher keeps the signals that are used here free from the JVM's own purposes.
 */
final class Signals {
    /** By which log rotation asks for new files. */
    static final String USER_2 = "USR2";

    /** By which daemons are asked to look at their files again. */
    static final String HANGUP = "HUP";

    private static final Logger LOG = LoggerFactory.getLogger("ZEO.runzeo");

    private Signals() {}

    /** From now on a signal has the task run, on a thread of its own; nothing else comes of it. */
    static void handle(String name, Runnable task) {
        try {
            // By name, since the compiler warns of every use of these two, and cannot be told not to.
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            InvocationHandler run = (proxy, method, arguments) -> {
                if (method.getName().equals("handle")) {
                    task.run();
                    return null;
                }
                return InvocationHandler.invokeDefault(proxy, method, arguments);
            };
            signal.getMethod("handle", signal, handler)
                    .invoke(
                            null,
                            signal.getConstructor(String.class).newInstance(name),
                            Proxy.newProxyInstance(Signals.class.getClassLoader(), new Class<?>[] {handler}, run));
        } catch (InvocationTargetException e) {
            LOG.warn("SIG{} will not be handled: {}", name, String.valueOf(e.getCause()));
        } catch (ReflectiveOperationException e) {
            LOG.warn("SIG{} will not be handled, this Java knows no signals: {}", name, e.toString());
        }
    }
}
