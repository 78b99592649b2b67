package io.zeolite.client;

import io.zeolite.client.blob.CacheLimit;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Reads the URIs that {@link ZeoClientOptions#parse} describes. */
final class ZeoUri {
    private static final Pattern URI = Pattern.compile("(zeos?)://([^/?]*)(/[^?]*)?(?:\\?(.*))?");
    private static final Pattern HOST_PORT = Pattern.compile("(\\[[0-9a-fA-F:.%]+]|[^:\\[\\]]+):(\\d{1,5})");
    private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m|h)?");
    private static final Pattern SIZE = Pattern.compile("(\\d{1,15})([kmgt]?)b?");

    private final String uri;
    private final Map<String, String> options = new HashMap<>();
    private final ZeoClientOptions.Builder builder = ZeoClientOptions.builder();

    private ZeoUri(String uri) {
        this.uri = uri;
    }

    static ZeoClientOptions.Builder parse(String uri) {
        return new ZeoUri(uri).parse();
    }

    private ZeoClientOptions.Builder parse() {
        Matcher parts = URI.matcher(uri);
        if (!parts.matches()) {
            throw bad(uri, "zeo://HOST:PORT/STORAGE or zeo:///SOCKET");
        }
        readOptions(parts.group(4));
        String path = parts.group(3) == null ? "" : decode("path", parts.group(3));
        if (parts.group(2).isEmpty()) {
            if (path.length() < 2) {
                throw bad(uri, "an address");
            }
            builder.address(path("path", path));
        } else {
            for (String address : parts.group(2).split(",", -1)) {
                address(address);
            }
            if (path.length() > 1) {
                builder.storage(path.substring(1));
            }
        }
        applyOptions(parts.group(1).equals("zeos"));
        return builder;
    }

    private void address(String text) {
        Matcher address = HOST_PORT.matcher(text);
        if (!address.matches() || Integer.parseInt(address.group(2)) > 0xffff) {
            throw bad("address: \"" + text + "\"", "HOST:PORT");
        }
        String host = address.group(1);
        builder.address(
                host.startsWith("[") ? host.substring(1, host.length() - 1) : host, Integer.parseInt(address.group(2)));
    }

    private void readOptions(@Nullable String query) {
        if (query == null || query.isEmpty()) {
            return;
        }
        for (String option : query.split("&", -1)) {
            int equals = option.indexOf('=');
            if (equals < 1) {
                throw bad("option: \"" + option + "\"", "NAME=VALUE");
            }
            String name = decode("option", option.substring(0, equals))
                    .toLowerCase(Locale.ROOT)
                    .replace('_', '-');
            options.put(name, decode(name, option.substring(equals + 1)));
        }
    }

    private void applyOptions(boolean tls) {
        take("storage", builder::storage);
        take("label", builder::label);
        take("wait", value -> builder.waitTimeout(duration("wait", value)));
        take("call-timeout", value -> builder.callTimeout(duration("call-timeout", value)));
        take("server-timeout", value -> builder.serverTimeout(duration("server-timeout", value)));
        take("connect-timeout", value -> builder.connectTimeout(duration("connect-timeout", value)));
        take("first-retry", value -> builder.firstRetry(duration("first-retry", value)));
        take("last-retry", value -> builder.lastRetry(duration("last-retry", value)));
        take("cache-size", value -> builder.cacheBytes(size("cache-size", value)));
        take("cache-file", value -> builder.cacheFile(path("cache-file", value)));
        flag("read-only", builder::readOnly);
        flag("read-only-fallback", builder::readOnlyFallback);
        blobs();
        if (tls) {
            tls();
        }
        if (!options.isEmpty()) {
            throw bad(
                    "option: " + options.keySet().iterator().next(), "one that there is" + (tls ? "" : " without TLS"));
        }
    }

    private void blobs() {
        String limit = options.remove("blob-cache-size");
        if (limit != null && !options.containsKey("blob-dir")) {
            throw bad("blob-cache-size: \"" + limit + "\" without blob-dir", "both");
        }
        take(
                "blob-dir",
                value -> builder.blobCache(
                        path("blob-dir", value),
                        limit == null ? new CacheLimit.None() : new CacheLimit.Bytes(size("blob-cache-size", limit))));
        take("shared-blob-dir", value -> builder.sharedBlobDirectory(path("shared-blob-dir", value)));
    }

    private void tls() {
        String serverName = options.remove("tls-server-name");
        builder.tls(
                new TlsOptions(file("tls-trust"), file("tls-certificate"), file("tls-key"), null, serverName, true));
    }

    private @Nullable Path file(String name) {
        String value = options.remove(name);
        return value == null ? null : path(name, value);
    }

    private static Path path(String name, String value) {
        try {
            return Path.of(value);
        } catch (InvalidPathException e) {
            throw bad(name + ": " + e.getReason(), "a path");
        }
    }

    private void take(String name, Consumer<String> setter) {
        String value = options.remove(name);
        if (value != null) {
            setter.accept(value);
        }
    }

    private void flag(String name, Runnable setter) {
        take(name, value -> {
            switch (value.toLowerCase(Locale.ROOT)) {
                case "true", "1", "yes", "on" -> setter.run();
                case "false", "0", "no", "off" -> {}
                default -> throw bad(name + ": " + value, "true or false");
            }
        });
    }

    static Duration duration(String name, String text) {
        Matcher duration = DURATION.matcher(text.toLowerCase(Locale.ROOT));
        if (!duration.matches()) {
            throw bad(name + ": \"" + text + "\"", "a duration like 500ms, 30s or 5m");
        }
        long number = Long.parseLong(duration.group(1));
        return switch (duration.group(2) == null ? "s" : duration.group(2)) {
            case "ms" -> Duration.ofMillis(number);
            case "m" -> Duration.ofMinutes(number);
            case "h" -> Duration.ofHours(number);
            default -> Duration.ofSeconds(number);
        };
    }

    static long size(String name, String text) {
        Matcher size = SIZE.matcher(text.toLowerCase(Locale.ROOT));
        if (!size.matches()) {
            throw bad(name + ": \"" + text + "\"", "bytes, or a size like 64MB");
        }
        int shift =
                switch (size.group(2)) {
                    case "k" -> 10;
                    case "m" -> 20;
                    case "g" -> 30;
                    case "t" -> 40;
                    default -> 0;
                };
        long number = Long.parseLong(size.group(1));
        if (number > Long.MAX_VALUE >> shift) {
            throw bad(name + ": \"" + text + "\"", "less than 2^63 bytes");
        }
        return number << shift;
    }

    private static String decode(String name, String text) {
        try {
            return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw bad(name + ": \"" + text + "\"", "two hexadecimal digits behind each %");
        }
    }

    private static IllegalArgumentException bad(String found, String expected) {
        return new IllegalArgumentException(found + " (expected: " + expected + ")");
    }
}
