// Package policy makes of a raw record what may leave the collector.
//
// What it promises: the treatment of every field is the one its privacy
// attribute in the schema names. New refuses a schema with a field that has no
// attribute, that this code does not know, or whose treatment it cannot carry
// out; so a field nobody decided about never leaves. The output has no field
// for a SUPI, GPSI, terminal address or cell. Nothing is allocated but the text
// of a domain token.
//
// What it does not: it checks no bounds (collector/validate) and finds nobody
// behind an address (collector/resolve). A Policy is used by one goroutine.
package policy

import (
	"fmt"
	"net/netip"

	"cordon/collector/pseudonym"
	"cordon/collector/validate"
	"cordon/internal/raw"
	"cordon/internal/record"
	"cordon/schemas"
)

// Policy treats the fields of raw records.
type Policy struct {
	derive *pseudonym.Deriver
	pools  []netip.Prefix
	// stricter holds what a schema asks for beyond the straight-line code.
	stricter []treat
	remotes  bool // every remote address becomes a token
	domains  bool // every domain becomes a token
}

// treat changes a raw record before the output is made of it.
type treat func(t *raw.Telemetry)

// New returns the policy of the newest schema. Addresses inside pools are those
// of terminals: they become tokens wherever they stand.
func New(derive *pseudonym.Deriver, pools []netip.Prefix) (*Policy, error) {
	return build(schemas.Privacy("TerminalTelemetry"), derive, pools)
}

func build(attributes []schemas.FieldPrivacy, derive *pseudonym.Deriver, pools []netip.Prefix) (*Policy, error) {
	if len(attributes) == 0 {
		return nil, fmt.Errorf("privacy policy: schema of TerminalTelemetry has no fields")
	}
	p := &Policy{derive: derive, pools: pools}
	known := 0
	for _, a := range attributes {
		f := find(a.Path)
		if f == nil {
			return nil, fmt.Errorf("privacy policy: field %s is not known to this program", a.Path)
		}
		if err := p.adopt(f, a.Treatment); err != nil {
			return nil, err
		}
		known++
	}
	if known != len(fields) {
		return nil, fmt.Errorf("privacy policy: the schema has %d of the %d fields this program treats", known, len(fields))
	}
	return p, nil
}

func (p *Policy) adopt(f *field, treatment string) error {
	switch {
	case treatment == "":
		return fmt.Errorf("privacy policy: field %s has no privacy attribute", f.path)
	case treatment == f.treatment:
		return nil
	case treatment == schemas.Drop && f.erase != nil:
		p.stricter = append(p.stricter, f.erase)
		return nil
	case treatment == schemas.Tokenise && f.path == "flow.remoteAddress":
		p.remotes = true
		return nil
	case treatment == schemas.Tokenise && f.path == "flow.domain":
		p.domains = true
		return nil
	}
	return fmt.Errorf("privacy policy: field %s is to be treated as %q, which this program cannot do; it does %q", f.path, treatment, f.treatment)
}

// Apply fills out with what may leave of t, which is about subject. It may
// erase fields of t. Strings of out alias those of t.
func (p *Policy) Apply(t *raw.Telemetry, subject validate.Subject, out *record.PseudonymisedTelemetry) {
	for _, treat := range p.stricter {
		treat(t)
	}
	*out = record.PseudonymisedTelemetry{
		Terminal: p.derive.Terminal(subject.SUPI), KeyEpoch: p.derive.Epoch(),
		OccurredAt: t.OccurredAt, IntervalStart: t.IntervalStart, SourceID: t.SourceID, SourceSequence: t.SourceSequence,
		DNN: t.DNN, SNSSAI: t.SNSSAI, PLMN: t.PLMN, RATType: t.RATType, InternalGroupID: t.InternalGroupID,
		PDUSessionID: t.PDUSessionID, TrackingAreaCode: t.TrackingAreaCode, SamplingRatio: t.SamplingRatio,
		Kind: t.Kind,
	}
	if t.PEI != "" && !subject.PEI.IsZero() {
		out.TypeAllocationCode = subject.PEI.TypeAllocationCode()
		out.EquipmentToken = p.derive.Equipment(subject.SUPI, subject.PEI)
	}
	if t.CellID != "" {
		out.CellToken = p.derive.Cell(t.CellID)
	}
	p.applyPayload(t, out)
}

func (p *Policy) applyPayload(t *raw.Telemetry, out *record.PseudonymisedTelemetry) {
	switch t.Kind {
	case record.KindFlow:
		p.applyFlow(t, &out.Flow)
	case record.KindSessionUsage:
		out.SessionUsage = t.SessionUsage
	case record.KindSession:
		out.Session = t.Session.Session
	case record.KindRegistration:
		out.Registration = t.Registration
	case record.KindRadioFailure:
		out.RadioFailure = t.RadioFailure
	case record.KindDeviceStatus:
		out.DeviceStatus = t.DeviceStatus
	case record.KindExternalException:
		out.ExternalException = t.ExternalException
		out.ExternalException.RemoteAddress = t.ExternalException.RemoteAddress.Unmap()
		if p.IsTerminal(t.ExternalException.RemoteAddress) {
			out.ExternalException.RemoteAddress = netip.Addr{}
		}
	}
}

func (p *Policy) applyFlow(t *raw.Telemetry, out *record.Flow) {
	*out = t.Flow.Flow
	out.RemoteToken = record.RemoteToken{}
	out.RemoteAddress = out.RemoteAddress.Unmap() // one destination, however the source writes it
	if p.remotes || p.IsTerminal(out.RemoteAddress) {
		out.RemoteToken = p.derive.Remote(out.RemoteAddress, t.DNN, t.SNSSAI)
		out.RemoteAddress = netip.Addr{}
	}
	out.Domain = p.domain(out.Domain)
}

// IsTerminal reports whether an address lies inside the terminal pools.
func (p *Policy) IsTerminal(a netip.Addr) bool {
	if !a.IsValid() {
		return false
	}
	a = a.Unmap().WithZone("")
	for _, pool := range p.pools {
		if pool.Contains(a) {
			return true
		}
	}
	return false
}
