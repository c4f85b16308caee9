package embedded

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// openFolder makes the folder and takes its lock. The lock is the kernel's: it
// ends with the process, so a kill -9 leaves nothing to clean up.
func openFolder(dir string) (*os.File, error) {
	if dir == "" {
		return nil, errors.New("embedded broker: no folder given")
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("embedded broker: folder: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o640)
	if err != nil {
		return nil, fmt.Errorf("embedded broker: folder is not writable: %w", err)
	}
	err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = ErrFolderInUse
	}
	if err != nil {
		_ = lock.Close()
		return nil, fmt.Errorf("embedded broker: %s: %w", dir, err)
	}
	return lock, nil
}
