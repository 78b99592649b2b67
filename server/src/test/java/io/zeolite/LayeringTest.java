package io.zeolite;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import io.zeolite.client.blob.OpenBlob;
import org.junit.jupiter.api.Test;

/** The boundaries between packages that {@code ARCHITECTURE.md} draws. */
class LayeringTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.zeolite");

    private static final String[] STORAGES = {
        "io.zeolite.storage..",
        "io.zeolite.commit..",
        "io.zeolite.invalidation..",
        "io.zeolite.blob..",
        "io.zeolite.disk..",
        "io.zeolite.platform.."
    };

    private static final String[] PROTOCOL = {
        "io.zeolite.zodb..", "io.zeolite.pickle..", "io.zeolite.message..", "io.zeolite.wire..", "io.zeolite.error.."
    };

    private static void check(ArchRule rule) {
        rule.check(CLASSES);
    }

    @Test
    void storages_neverSeeAChannel() {
        check(noClasses()
                .that()
                .resideInAnyPackage(STORAGES)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.netty.channel..", "io.netty.bootstrap..", "io.netty.handler.."));
    }

    @Test
    void storages_doNotKnowWhoTalksToThem() {
        check(noClasses()
                .that()
                .resideInAnyPackage(STORAGES)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.zeolite.session..",
                        "io.zeolite.transport..",
                        "io.zeolite.config..",
                        "io.zeolite.cli..",
                        "io.zeolite.edge..",
                        "io.zeolite.wire..",
                        "io.zeolite.message.."));
    }

    @Test
    void sessions_neverSeeAChannel() {
        check(noClasses()
                .that()
                .resideInAPackage("io.zeolite.session..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.netty..", "io.zeolite.transport..", "io.zeolite.wire.."));
    }

    @Test
    void protocol_knowsNobody() {
        check(noClasses()
                .that()
                .resideInAnyPackage(PROTOCOL)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.zeolite.client..",
                        "io.zeolite.disk..",
                        "io.zeolite.platform..",
                        "io.zeolite.storage..",
                        "io.zeolite.commit..",
                        "io.zeolite.session..",
                        "io.zeolite.transport..",
                        "io.zeolite.config..",
                        "io.zeolite.cli.."));
    }

    @Test
    void pickles_areReadInOnePlace() {
        check(noClasses().should().dependOnClassesThat().haveFullyQualifiedName("java.io.ObjectInputStream"));
    }

    @Test
    void theSdkOfS3_isSeenInOnePlace() {
        check(noClasses()
                .that()
                .resideOutsideOfPackage("io.zeolite.blob.s3..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("software.amazon..", "org.apache.hc.."));
    }

    @Test
    void configuration_isForTheEdges() {
        check(noClasses()
                .that()
                .resideOutsideOfPackages("io.zeolite.config..", "io.zeolite.cli..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.zeolite.config..", "io.zeolite.cli.."));
    }

    @Test
    void tools_areForTheCommandLineOnly() {
        check(noClasses()
                .that()
                .resideOutsideOfPackages("io.zeolite.tool..", "io.zeolite.cli..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.zeolite.tool..", "com.fasterxml.jackson.."));
    }

    @Test
    void tools_doNotServe() {
        check(noClasses()
                .that()
                .resideInAPackage("io.zeolite.tool..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.zeolite.session..",
                        "io.zeolite.transport..",
                        "io.zeolite.commit..",
                        "io.netty.channel..",
                        "picocli.."));
    }

    @Test
    void client_knowsNoServer() {
        check(noClasses()
                .that()
                .resideInAnyPackage("io.zeolite.client..", "io.zeolite.disk..", "io.zeolite.platform..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.zeolite.storage..",
                        "io.zeolite.commit..",
                        "io.zeolite.invalidation..",
                        "io.zeolite.blob..",
                        "io.zeolite.session..",
                        "io.zeolite.transport..",
                        "io.zeolite.config..",
                        "io.zeolite.tool..",
                        "io.zeolite.cli.."));
    }

    /** But for the cache of blobs, and what an open blob is, which both have. */
    @Test
    void storages_areNoClients() {
        check(noClasses()
                .that()
                .resideInAnyPackage(STORAGES)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.zeolite.client", "io.zeolite.client.connection.."));
        check(noClasses()
                .that()
                .resideInAnyPackage(STORAGES)
                .and()
                .resideOutsideOfPackage("io.zeolite.blob.tier..")
                .should()
                .dependOnClassesThat(
                        resideInAPackage("io.zeolite.client.blob..").and(not(belongToAnyOf(OpenBlob.class)))));
    }

    @Test
    void packages_haveNoCycles() {
        check(SlicesRuleDefinition.slices()
                .matching("io.zeolite.(*)..")
                .should()
                .beFreeOfCycles());
    }
}
