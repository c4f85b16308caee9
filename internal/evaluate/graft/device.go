package graft

import (
	"cmp"
	"errors"
	"io"
	"net/netip"
	"path/filepath"
	"slices"

	"cordon/internal/capture"
	"cordon/internal/raw"
	"cordon/internal/record"
)

// Device is a benign capture of one device that things are let happen to.
type Device struct {
	Name     string
	paths    []string
	terminal netip.Addr

	first, last record.Micros
	contacts    []contact
}

// contact is a report of a flow with a service of its own.
type contact struct {
	at      record.Micros
	with    service
	packets int64
}

// devices are captures that are public: a camera, a hub and a lock of a home, and
// the lamps of IoT-23 4-1.
var devices = []struct{ name, pattern, terminal string }{
	{"blink-cam-01", "blink-cam-01.pcap", "192.168.1.129"},
	{"lockly-hub-01", "lockly-hub-01.pcap", "192.168.1.128"},
	{"schlage-lock-01", "schlage-lock-01.pcap", "192.168.1.122"},
	{"iot23-4-1-hue", "iot23-4-1-hue/*.pcap.xz", "192.168.1.132"},
}

// Devices are those of a folder of benign captures. What is not there is left out.
func Devices(folder string) (all []*Device, err error) {
	for _, d := range devices {
		paths, err := filepath.Glob(filepath.Join(folder, d.pattern))
		if err != nil {
			return nil, err
		}
		if len(paths) == 0 {
			continue
		}
		device := &Device{Name: d.name, paths: paths, terminal: netip.MustParseAddr(d.terminal)}
		if err := device.learn(); err != nil {
			return nil, err
		}
		all = append(all, device)
	}
	return all, nil
}

// open reads files in which the device is the only terminal.
func (d *Device) open(every record.Micros, paths ...string) (*capture.Source, error) {
	return capture.Open(paths, capture.Settings{Format: capture.FormatAuto, Terminals: []netip.Addr{d.terminal}, ReportInterval: every})
}

// learn looks how long the capture is and what services the device has.
func (d *Device) learn() error {
	from, err := d.open(minuteReports, d.paths...)
	if err != nil {
		return err
	}
	defer from.Close()
	var t raw.Telemetry
	for {
		switch err := from.Next(&t); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if d.first == 0 {
			d.first = t.OccurredAt
		}
		d.last = max(d.last, t.OccurredAt)
		f := &t.Flow
		if with := (service{f.RemoteAddress.Unmap(), uint16(f.RemotePort), f.Protocol}); t.Kind == record.KindFlow && with.itsOwn() {
			d.contacts = append(d.contacts, contact{t.OccurredAt, with, f.ULPackets})
		}
	}
}

// minuteReports is enough to see what services there are.
const minuteReports = record.Minute

// itsOwn reports whether the service is one that a maker of devices runs: over TCP
// or UDP, in the internet, no name, time or address service, at a low port.
func (s service) itsOwn() bool {
	switch s.port {
	case 53, 67, 68, 123, 1900, 5353:
		return false
	}
	return (s.protocol == protocolTCP || s.protocol == protocolUDP) && s.port > 0 && s.port < 10_000 &&
		s.address.IsGlobalUnicast() && !s.address.IsPrivate() && s.address != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// serverAt is the service that the device sent most to in the day before.
func (d *Device) serverAt(at record.Micros) service {
	packets := map[service]int64{}
	for _, c := range d.contacts {
		if c.at >= at-record.Day && c.at < at {
			packets[c.with] += c.packets
		}
	}
	var all []service
	for s := range packets {
		all = append(all, s)
	}
	if len(all) == 0 {
		return service{}
	}
	return slices.MaxFunc(all, func(a, b service) int {
		return cmp.Or(cmp.Compare(packets[a], packets[b]), a.address.Compare(b.address), cmp.Compare(a.port, b.port))
	})
}
