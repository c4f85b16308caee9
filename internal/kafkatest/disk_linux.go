package kafkatest

import (
	"fmt"
	"os"
	"syscall"
)

// probeMount says why no file system can be mounted, if so. It mounts one.
func probeMount() error {
	dir, err := os.MkdirTemp("", "cordon-kafkatest-")
	if err != nil {
		return err
	}
	defer os.Remove(dir)
	if err := mount(dir, 1<<20); err != nil {
		return fmt.Errorf("mount a tmpfs: %w", err)
	}
	return unmount(dir)
}

func mount(dir string, bytes int64) error {
	return syscall.Mount("cordon-kafkatest", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=700", bytes))
}

// unmount lets go of the folder at once, whoever still looks into it.
func unmount(dir string) error { return syscall.Unmount(dir, syscall.MNT_DETACH) }
