package capture

// queue holds flows in order of their last packet, without memory of its own.
type queue struct{ oldest, newest *flow }

// touch makes f the newest.
func (q *queue) touch(f *flow) {
	if q.newest != f {
		q.unlink(f)
		q.append(f)
	}
}

func (q *queue) append(f *flow) {
	f.older, f.newer = q.newest, nil
	if q.newest != nil {
		q.newest.newer = f
	} else {
		q.oldest = f
	}
	q.newest = f
}

func (q *queue) unlink(f *flow) {
	if f.older != nil {
		f.older.newer = f.newer
	} else {
		q.oldest = f.newer
	}
	if f.newer != nil {
		f.newer.older = f.older
	} else {
		q.newest = f.older
	}
}
