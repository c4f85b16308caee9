package service_test

import (
	"context"
	"fmt"
	"os"

	"cordon/internal/failure"
	"cordon/internal/service"
)

// What a main function does: the configuration first, then the run.
func ExampleRun() {
	start := func(context.Context) error {
		return &failure.Unreachable{System: "Kafka", Address: "127.0.0.1:9092", Remedy: "start it or set kafka.brokers"}
	}
	code := service.Run(start, service.Options{Program: "collector", Stderr: os.Stdout})
	fmt.Println("exit code", code) // main: os.Exit(code)
	// Output:
	// collector: Kafka at 127.0.0.1:9092 is not reachable; start it or set kafka.brokers
	// exit code 3
}
