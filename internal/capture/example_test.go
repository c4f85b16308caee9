package capture_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"cordon/internal/capture"
	"cordon/internal/raw"
)

func ExampleOpen() {
	dir, err := os.MkdirTemp("", "capture")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	log := filepath.Join(dir, "conn.log")
	content := "#fields\tts\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tduration\torig_pkts\torig_ip_bytes\thistory\n" +
		"1777888800.0\t10.45.0.7\t40001\t198.51.100.9\t23\ttcp\t3.1\t3\t180\tS\n" +
		"1777888801.0\t10.45.0.7\n"
	if err := os.WriteFile(log, []byte(content), 0o600); err != nil {
		fmt.Println(err)
		return
	}

	source, err := capture.Open([]string{log}, capture.Settings{DNN: "iot"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer source.Close()
	for {
		var t raw.Telemetry
		if err := source.Next(&t); errors.Is(err, io.EOF) {
			break
		}
		fmt.Println(t.OccurredAt, t.DNN, t.Flow.RemoteAddress, t.Flow.RemotePort, t.Flow.ULPackets, t.Flow.DLPackets)
	}
	for _, t := range source.Terminals() {
		fmt.Println(t.Source, "is", t.SUPI)
	}
	for _, p := range source.Problems() {
		fmt.Println(p.Position, p.Cause)
	}
	// Output:
	// 2026-05-04T10:00:03.100000Z iot 198.51.100.9 23 3 0
	// 10.45.0.7 is imsi-001010000000001
	// line 3 a field that cannot be read: id.orig_p is missing
}
