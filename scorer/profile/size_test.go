package profile

import (
	"bytes"
	"fmt"
	"runtime"
	"testing"

	"cordon/internal/record"
	"cordon/scorer/pane"
)

// heap returns the bytes in use.
func heap() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// What a change is counted with is about what it costs: MaxBytes bounds memory.
func TestSizeIsWhatItCosts(t *testing.T) {
	list := func(i int) any {
		var content bytes.Buffer
		for line := range 10_000 {
			fmt.Fprintf(&content, "198.%d.%d.%d\n", 18+i%2, line>>8, line&255)
		}
		return &record.SettingChange{Name: fmt.Sprint("destinations-", i), Content: content.Bytes()}
	}
	terminal := func(i int) any {
		p := protected(Subject{Terminal: record.Pseudonym{byte(i), byte(i >> 8), 1}}, 1)
		return p
	}
	different := func(i int) any {
		p := protected(Subject{Terminal: record.Pseudonym{byte(i), byte(i >> 8), 1}}, 1)
		for rule := range 20 {
			p.Profile.AllowedDestinations = append(p.Profile.AllowedDestinations, record.AllowRule{
				AddressPrefix: fmt.Sprintf("10.%d.%d.%d/32", rule, i>>8, i&255), PortFrom: record.Some[int32](443),
			})
		}
		return p
	}
	for _, c := range []struct {
		name  string
		count int
		make  func(i int) any
	}{
		{"lists of 10,000 lines", 20, list}, {"profiles that terminals share", 10_000, terminal}, {"profiles of 20 rules each", 3000, different},
	} {
		var table Table
		before := heap()
		for i := range c.count {
			if give(t, &table, c.make(i)) != Kept {
				t.Fatalf("%s: change %d refused", c.name, i)
			}
		}
		table.Apply(pane.Number(10))
		cost := heap() - before
		t.Logf("%s: %d bytes counted, %d in use", c.name, table.bytes, cost)
		if table.bytes < cost*3/4 || table.bytes > cost*4 {
			t.Errorf("%s: %d bytes counted, %d in use", c.name, table.bytes, cost)
		}
		runtime.KeepAlive(&table)
	}
}
