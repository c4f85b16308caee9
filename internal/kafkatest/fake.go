package kafkatest

import (
	"context"
	"fmt"
	"os"

	"cordon/internal/embedded"
)

// fake is the embedded broker as a server.
type fake struct {
	// settings hold the folder and, since it must not change, the address.
	settings embedded.Settings
	// broker is nil while stopped.
	broker *embedded.Broker
}

func probeEmbedded(context.Context) (string, error) { return "in this process", nil }

func startEmbedded(ctx context.Context) (server, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "cordon-kafkatest-")
	if err != nil {
		return nil, err
	}
	f := &fake{settings: embedded.Settings{Dir: dir, Address: fmt.Sprintf("127.0.0.1:%d", port), Log: os.Stderr}}
	if err := f.start(ctx); err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	return f, nil
}

func (f *fake) addresses() []string { return []string{f.settings.Address} }

func (f *fake) start(context.Context) error {
	broker, err := embedded.Start(f.settings)
	if err != nil {
		return err
	}
	f.broker = broker
	return nil
}

func (f *fake) stop() error {
	if f.broker != nil {
		f.broker.Close()
		f.broker = nil
	}
	return nil
}

func (f *fake) kill() error { return f.stop() }

func (f *fake) pause() error {
	return fmt.Errorf("%w be paused: it runs within the test's process; kafkatest.JVM makes one that can", errNotHere)
}

func (f *fake) resume() error { return nil }

func (f *fake) remove() error {
	_ = f.stop()
	return os.RemoveAll(f.settings.Dir)
}
