package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// pom names the jars of a broker and of its command-line tools (47 jars, 43 MB);
// Kafka Connect, which the tools would pull in, is left out. slf4j-simple
// writes the broker's log to its standard error.
const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>cordon</groupId>
  <artifactId>kafka-for-tests</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>` + kafkaVersion + `</version>
    </dependency>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka-tools</artifactId>
      <version>` + kafkaVersion + `</version>
      <exclusions>
        <exclusion>
          <groupId>org.apache.kafka</groupId>
          <artifactId>connect-runtime</artifactId>
        </exclusion>
        <exclusion>
          <groupId>com.fasterxml.jackson.jakarta.rs</groupId>
          <artifactId>jackson-jakarta-rs-json-provider</artifactId>
        </exclusion>
      </exclusions>
    </dependency>
    <dependency>
      <groupId>org.slf4j</groupId>
      <artifactId>slf4j-simple</artifactId>
      <version>1.7.36</version>
    </dependency>
  </dependencies>
</project>
`

// cacheDir is where the jars are kept between runs.
func cacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("folder for the jars of Kafka: %w", err)
	}
	return filepath.Join(dir, "cordon", "kafka-"+kafkaVersion), nil
}

// ensureJars returns the folder of Kafka's jars and downloads them when it is
// not there. The folder appears complete or not at all, and a lock makes test
// binaries that run side by side download it once.
func ensureJars(ctx context.Context) (string, error) {
	dir, err := cacheDir()
	if err != nil {
		return "", err
	}
	lib := filepath.Join(dir, "lib")
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", fmt.Errorf("folder for the jars of Kafka: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o640)
	if err != nil {
		return "", fmt.Errorf("folder for the jars of Kafka: %w", err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", fmt.Errorf("lock %s: %w", lock.Name(), err)
	}
	if _, err := os.Stat(lib); !errors.Is(err, os.ErrNotExist) {
		return lib, err
	}
	return lib, download(ctx, lib)
}

// download fetches the jars with Maven, which keeps to the user's mirrors and
// proxies, and puts them at lib.
func download(ctx context.Context, lib string) error {
	work, err := os.MkdirTemp(filepath.Dir(lib), "download-")
	if err != nil {
		return fmt.Errorf("folder for the jars of Kafka: %w", err)
	}
	defer os.RemoveAll(work)
	if err := os.WriteFile(filepath.Join(work, "pom.xml"), []byte(pom), 0o600); err != nil {
		return fmt.Errorf("folder for the jars of Kafka: %w", err)
	}
	mvn := exec.CommandContext(ctx, "mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib")
	mvn.Dir = work
	if output, err := mvn.CombinedOutput(); err != nil {
		return fmt.Errorf("download the jars of Kafka: mvn: %w: %s", err, tail(output, 3))
	}
	if err := os.Rename(filepath.Join(work, "lib"), lib); err != nil {
		return fmt.Errorf("download the jars of Kafka: %w", err)
	}
	return nil
}

// tail returns the last lines of a program's output.
func tail(output []byte, lines int) string {
	all := strings.Split(strings.TrimSpace(string(output)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
