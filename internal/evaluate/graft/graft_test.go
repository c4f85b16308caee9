package graft

import (
	"errors"
	"io"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"cordon/internal/capture"
	"cordon/internal/evaluate"
	"cordon/internal/evaluate/fleet"
	"cordon/internal/raw"
	"cordon/internal/record"
)

// began is when the grafts of tests begin.
const began record.Micros = 1_760_000_000_000_000

// written is what a kind writes for a device with a server.
func written(k *Kind, seed uint64) *script {
	s := &script{me: netip.MustParseAddr("192.168.1.129"), r: rand.New(rand.NewPCG(seed, 1)),
		server: service{netip.MustParseAddr("198.51.100.7"), 443, protocolTCP}}
	k.write(s)
	return s
}

// reports are the flow reports that a collector of packets makes of a script.
func reports(t *testing.T, s *script) (all []raw.Telemetry) {
	t.Helper()
	path, err := s.file(t.TempDir(), began)
	if err != nil {
		t.Fatal(err)
	}
	from, err := capture.Open([]string{path}, capture.Settings{Terminals: []netip.Addr{s.me}})
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	for {
		var rec raw.Telemetry
		switch err := from.Next(&rec); {
		case errors.Is(err, io.EOF):
			if n := from.Counts().Problems; n > 0 {
				t.Errorf("%d packets could not be read: %v", n, from.Problems())
			}
			return all
		case err != nil:
			t.Fatal(err)
		}
		all = append(all, rec)
	}
}

// Every kind writes packets that the collector of packets reads, in full and by
// time; the same seed writes the same ones.
func TestPackets(t *testing.T) {
	for _, k := range Kinds() {
		s := written(&k, 1)
		if k.Name == "uplink-down" { // takes away, and adds nothing
			continue
		}
		if again, other := written(&k, 1), written(&k, 2); !slices.EqualFunc(s.packets, again.packets, equal) || slices.EqualFunc(s.packets, other.packets, equal) {
			t.Errorf("%s: want the same packets for the same seed, and others for another", k.Name)
		}
		var bytes, reported int64
		for _, p := range s.packets {
			bytes += int64(p.length - ethernetHeader)
		}
		for _, rec := range reports(t, s) {
			if rec.Kind == record.KindFlow {
				reported += rec.Flow.ULVolume + rec.Flow.DLVolume
			}
			if rec.OccurredAt < began || rec.OccurredAt > began+4*record.Day {
				t.Errorf("%s: a report of %s", k.Name, rec.OccurredAt)
			}
		}
		if bytes == 0 || bytes != reported {
			t.Errorf("%s: %d bytes of packets, %d in reports", k.Name, bytes, reported)
		}
	}
}

func equal(a, b packet) bool {
	return a.at == b.at && a.length == b.length && slices.Equal(a.bytes, b.bytes)
}

func TestWhatIsSent(t *testing.T) {
	volume := map[string]int64{}
	answered := map[string]bool{}
	for _, k := range Kinds() {
		for _, rec := range reports(t, written(&k, 1)) {
			volume[k.Name] += rec.Flow.ULVolume
			answered[k.Name] = answered[k.Name] || rec.Flow.DLPackets > 0
		}
	}
	for name, want := range map[string]int64{"exfil-60s": 50e6, "exfil-6h": 5e6, "flood-5M": 5e6 / 8 * 120} {
		if got := volume[name]; got < want || got > want+want/10 {
			t.Errorf("%s: %d bytes up, want %d and the headers", name, got, want)
		}
	}
	for name, want := range map[string]bool{"dead-60s": false, "answered-60s": true, "scan-1s": false, "names-down": false, "mining": true} {
		if answered[name] != want {
			t.Errorf("%s: answered %t, want %t", name, answered[name], want)
		}
	}
}

// What the device itself reports during an outage.
func TestOutages(t *testing.T) {
	kinds := map[string]*script{}
	for _, k := range Kinds() {
		kinds[k.Name] = written(&k, 1)
	}
	down, uplink := kinds["server-down"], kinds["uplink-down"]
	toServer := raw.Flow{Flow: record.Flow{RemoteAddress: down.server.address, ULPackets: 3, DLPackets: 4, DLVolume: 9}}
	other := toServer
	other.RemoteAddress = netip.MustParseAddr("203.0.113.1")
	if down.edit(60, &toServer) || !down.edit(60, &other) || !down.edit(-60, &toServer) || !down.edit(4*hour, &toServer) {
		t.Error("want the main server gone for the outage, and everything else as it was")
	}
	if before := other; !uplink.edit(-1, &other) || other != before {
		t.Error("a report before the outage changes")
	}
	if !uplink.edit(1, &other) || other.DLPackets != 0 || other.DLVolume != 0 {
		t.Error("something comes back while nothing can")
	}
	received := raw.Flow{Flow: record.Flow{DLPackets: 1}}
	if uplink.edit(1, &received) {
		t.Error("what was only received is reported while nothing can come back")
	}
	spoilt := &script{r: rand.New(rand.NewPCG(1, 1))}
	serverDown(spoilt)
	if !spoilt.spoilt {
		t.Error("a device without a server loses it")
	}
}

func TestServerAt(t *testing.T) {
	busy, old := service{netip.MustParseAddr("203.0.113.1"), 443, protocolTCP}, service{netip.MustParseAddr("203.0.113.2"), 443, protocolTCP}
	d := &Device{contacts: []contact{{began - 2*record.Day, old, 1000}, {began - record.Hour, busy, 20}, {began - record.Hour, old, 10}, {began, old, 1000}}}
	if got := d.serverAt(began); got != busy {
		t.Errorf("got %v, want the service with most packets in the day before", got)
	}
	if got := d.serverAt(began - 30*record.Day); got.address.IsValid() {
		t.Errorf("got %v of a day without contacts", got)
	}
	for _, s := range []service{
		{netip.MustParseAddr("192.168.1.9"), 443, protocolTCP}, {netip.MustParseAddr("239.1.1.1"), 80, protocolUDP},
		{busy.address, 53, protocolUDP}, {busy.address, 50_000, protocolTCP}, {busy.address, 443, 1},
	} {
		if s.itsOwn() {
			t.Errorf("%v counts as a service of a maker", s)
		}
	}
}

func TestOutcome(t *testing.T) {
	list := []evaluate.Statement{
		{Class: record.ClassMalicious, Status: record.StatusRaised, At: began - 1},
		{Class: record.ClassWatch, Status: record.StatusRaised, At: began + record.Minute},
		{Class: record.ClassWatch, Status: record.StatusUpdated, At: began + 2*record.Minute},
		{Class: record.ClassMalfunctioning, Status: record.StatusCleared, At: began + 3*record.Minute},
	}
	got := outcomeOf(&fleet.Result{Statements: list}, began)
	if len(got.After) != 1 || got.After[record.ClassWatch] != record.Minute {
		t.Errorf("got %v, want WATCH after a minute, and nothing of what was before or ended", got.After)
	}
}

// A handful on real devices; make evaluate runs all of them.
func TestOnDevices(t *testing.T) {
	folder := os.Getenv("CORDON_CAPTURES")
	if folder == "" {
		t.Skip("skipped: no captures")
	}
	devices, err := Devices(filepath.Join(folder, "benign"))
	if err != nil {
		t.Fatal(err)
	}
	if len(devices) == 0 {
		t.Skip("skipped: no captures")
	}
	for _, k := range Kinds() {
		if !slices.Contains([]string{"dead-60s", "scan-1s", "flood-5M", "firmware", "server-down"}, k.Name) {
			continue
		}
		for _, d := range devices {
			o, err := Run(t.Context(), d, &k, 7, 10*record.Second)
			if err != nil {
				t.Fatal(err)
			}
			if _, called := o.After[record.ClassMalicious]; called == k.Benign || k.Benign && len(o.After) > 0 {
				t.Errorf("%s on %s: got %v, want %s", k.Name, d.Name, o.After, k.Want)
			}
		}
	}
}
