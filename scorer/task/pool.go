package task

import "cordon/scorer/page"

// pool holds what only some terminals have, so that a terminal without it pays
// four bytes. A cut shares its pages.
type pool[T any] struct {
	list   page.List[T]
	unused []int32
}

// look returns the element of a terminal to be read, or nil; ref is its index + 1,
// 0 where it has none.
func (p *pool[T]) look(ref int32) *T {
	if ref == 0 {
		return nil
	}
	return p.list.At(ref - 1)
}

// touch reads the element of a terminal, if it has one: see page.List.Touch.
func (p *pool[T]) touch(ref int32) byte {
	if ref == 0 {
		return 0
	}
	return p.list.Touch(ref - 1)
}

// edit returns the element of a terminal to be read and written, or nil.
func (p *pool[T]) edit(ref int32) *T {
	if ref == 0 {
		return nil
	}
	return p.list.Edit(ref - 1)
}

// open returns the element of a terminal, a zero one where it has none yet.
func (p *pool[T]) open(ref *int32) *T {
	if *ref == 0 {
		if last := len(p.unused) - 1; last >= 0 {
			*ref, p.unused = p.unused[last]+1, p.unused[:last]
		} else {
			*ref = p.list.Add(nil) + 1
		}
	}
	return p.list.Edit(*ref - 1)
}

// drop forgets the element of a terminal.
func (p *pool[T]) drop(ref *int32) {
	if *ref != 0 {
		var zero T
		*p.list.Edit(*ref - 1) = zero
		p.unused = append(p.unused, *ref-1)
		*ref = 0
	}
}

// touch reads what a terminal has in the pools, but for its case.
func (p *pools) touch(parts *parts) byte {
	return p.destinations.touch(parts.destinations) | p.control.touch(parts.control) | p.device.touch(parts.device)
}

// share makes to a copy of the pools that must only be read, until unshare.
func (p *pools) share(to *pools) {
	p.cases.list.Share(&to.cases.list)
	p.destinations.list.Share(&to.destinations.list)
	p.control.list.Share(&to.control.list)
	p.device.list.Share(&to.device.list)
}

// unshare says that nobody reads the copy any more.
func (p *pools) unshare(from *pools) {
	p.cases.list.Unshare(&from.cases.list)
	p.destinations.list.Unshare(&from.destinations.list)
	p.control.list.Unshare(&from.control.list)
	p.device.list.Unshare(&from.device.list)
}
