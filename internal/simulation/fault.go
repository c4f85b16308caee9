package simulation

// befall lets a fault happen, or arms it.
func (w *world) befall(f Fault) {
	if f.Kind > Join || f.Point != anywhere {
		w.tell("%s", f)
	}
	switch f.Kind {
	case Refuse:
		w.refusing[f.Stage] = max(w.refusing[f.Stage], w.now+f.For/4)
	case Unreadable:
		id := int32(f.Slot % len(w.lives[f.Stage]))
		w.unreadable[f.Stage][id] = max(w.unreadable[f.Stage][id], w.now+f.For)
	case Abort:
		w.abort[f.Stage] = true
	case Reread:
		w.reread[f.Stage] = true
	case LateMarkers:
		w.lateMarkers = max(w.lateMarkers, w.now+f.For)
	case SlowProgress:
		w.slowTalk = max(w.slowTalk, w.now+f.For)
	case Join:
		w.struck(Join)
		w.groups[f.Stage].launch()
	case Leave:
		if i := w.groups[f.Stage].slot(f.Slot); i != nil && !i.leaving {
			w.struck(Leave)
			w.tell("%s is stopped in good order", i)
			i.leave(f.For)
		}
	default:
		w.meet(f)
	}
}

// meet lets a crash or stop happen now, or when an instance comes to its point.
func (w *world) meet(f Fault) {
	if f.Point != anywhere {
		w.armed = append(w.armed, f)
		return
	}
	if i := w.groups[f.Stage].slot(f.Slot); i != nil {
		w.strike(f, i)
	}
}

// strike lets a crash or stop happen to an instance, unless it is dead, or stands
// still and cannot be stopped once more.
func (w *world) strike(f Fault, i *instance) {
	if i.dead || f.Kind == Freeze && (i.frozen || f.For == 0) {
		return
	}
	w.struck(f.Kind)
	if f.Point != anywhere {
		w.tally[striking(f.Kind, f.Point)]++
		w.tally[striking(f.Kind, f.Point)+", "+phaseNames[f.Phase]]++
	}
	if f.Kind == Crash {
		i.crash(f.For)
	} else {
		i.freeze(f.For)
	}
}

// struck counts an effect of a fault: not that it was in the plan or waited for
// its moment, but that something went another way because of it.
func (w *world) struck(k FaultKind) { w.tally[faultNames[k]]++ }

// striking names a crash or stop that waited for a place.
func striking(k FaultKind, p Point) string { return faultNames[k] + " at " + pointNames[p] }

// strikes reports whether a fault waits for a routine to come to this point. It
// happens as soon as the routine gives its turn away.
func (w *world) strikes(r *routine, p Point, phase Phase) bool {
	for n, f := range w.armed {
		if f.Stage != r.of.stage || f.Point != p || f.Phase != phase || r.of.dead || r.of.frozen {
			continue
		}
		w.armed = append(w.armed[:n:n], w.armed[n+1:]...)
		i := r.of
		w.after(0, 0, func() {
			w.tell("%s has come to %s (%s)", i, pointNames[p], phaseNames[phase])
			w.strike(f, i)
		})
		return true
	}
	return false
}

// slot finds the instance a fault is meant for.
func (g *group) slot(n int) *instance {
	alive := g.running()
	if len(alive) == 0 {
		return nil
	}
	return alive[n%len(alive)]
}
