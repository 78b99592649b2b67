package io.zeolite.tls;

import java.security.cert.X509Certificate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/** Certificates as the log shows them. */
final class Names {
    private static final DateTimeFormatter DAY =
            DateTimeFormatter.ofPattern("yyyy-MM-dd").withZone(ZoneOffset.UTC);

    private Names() {}

    static String of(X509Certificate certificate) {
        String subject = certificate.getSubjectX500Principal().getName();
        return subject.isEmpty() ? "serial number " + certificate.getSerialNumber() : subject;
    }

    static String withEnd(X509Certificate certificate) {
        return of(certificate) + " (valid until "
                + DAY.format(certificate.getNotAfter().toInstant()) + ")";
    }
}
