// Package kafkatest gives tests a Kafka broker: a real one where one can be
// had, an embedded one else, and says which it was.
//
// What it is: the first of these that can be had.
//
//  1. The brokers named in CORDON_TEST_BROKERS (comma separated).
//  2. Docker: a container of apache/kafka, when an engine answers and has the
//     image or can pull it.
//  3. JVM: with `java` (17 or later) and `mvn`, the jars of Apache Kafka are
//     downloaded once into the user's cache folder and run in KRaft mode.
//  4. The embedded broker of internal/embedded.
//
// CORDON_TEST_BROKER (docker, jvm or embedded) forces one: if it cannot be had,
// the tests fail. Beside CORDON_TEST_BROKERS it says of what kind the named
// brokers are, and CORDON_TEST_BROKER_NAME how to call them in words; the
// command internal/kafkatest/broker sets all three, so that `make test` runs
// one broker for all packages.
//
// What it promises: [Broker] is one broker per test binary, with topic
// auto-creation off and nothing replicated; [Private] is one per test, to be
// stopped, killed and restarted. [Three] are three real brokers with three
// copies of everything, and [JVM] makes brokers that answer late, lose their
// clients or run out of disk; each [Node] fails by itself. Tests that need those
// are skipped, with the reason, where no JVM can be had.
//
// A broker ends with the test binary: [Main] stops it and removes its folder,
// and when the binary is killed the kernel takes the JVM along (Linux), which
// leaves only a cordon-kafkatest-* folder in the temporary folder, with a small
// file system mounted in it if the test had asked for one. Everything here may
// be used from parallel tests.
//
// What it does not: it empties no topic between tests. A test that shares a
// broker puts [UniquePrefix] before the names of its topics and groups.
package kafkatest
