package store

import (
	"encoding/binary"

	"kurir/message"
)

// logPadding decides how long the log of a row in table progress is stored.
// A row that keeps its length is overwritten in its place; one that grows
// moves its neighbours and splits pages (measured: half the speed). So a log
// is stored as its uvarint length, its octets, and zeros up to the length that
// most finished logs have had lately.
type logPadding struct {
	target   int // octets of a whole row's changing part
	seen     int // finished logs since target was looked at
	over     int // of them those longer than target
	overLess int // of them those longer than target less a step
}

const (
	padFirst  = 96
	padLeast  = 80 // below, the header of the row would change its length
	padMost   = 512
	padStep   = 16
	padLook   = 4096 // finished logs after which target is looked at again
	padGrowIn = padLook / 16
	padLessIn = padLook / 32
)

// appendLog appends the stored form of a message's log to dst. That of a
// message of which no changes are expected has no zeros, unless its row was
// written before: then it keeps its length.
func (p *logPadding) appendLog(dst []byte, m *message.Progress, again bool) []byte {
	if p.target == 0 {
		p.target = padFirst
	}
	others := 0 // octets that SQLite's record needs for the columns before
	if m.State > 1 {
		others++
	}
	if m.Final != 0 {
		others += 6
	}
	start := len(dst)
	dst = binary.AppendUvarint(dst, uint64(len(m.Log)))
	dst = append(dst, m.Log...)
	need := len(dst) - start + others
	if m.Final != 0 {
		p.observe(need)
	}
	if !again && m.Final != 0 && !m.Owed {
		return dst
	}
	want := p.target
	for want < need {
		want += 2 * padStep
	}
	for range want - need {
		dst = append(dst, 0)
	}
	return dst
}

func (p *logPadding) observe(need int) {
	p.seen++
	if need > p.target {
		p.over++
	}
	if need > p.target-padStep {
		p.overLess++
	}
	if p.seen < padLook {
		return
	}
	switch {
	case p.over > padGrowIn && p.target < padMost:
		p.target += padStep
	case p.overLess < padLessIn && p.target > padLeast:
		p.target -= padStep
	}
	p.seen, p.over, p.overLess = 0, 0, 0
}

// readLog returns a copy of the log that appendLog stored, with room for a few
// more events.
func readLog(b []byte) ([]byte, error) {
	r := blobReader{rest: b}
	log := r.octets()
	if r.bad {
		return nil, errBadBlob
	}
	if len(log) == 0 {
		return nil, nil
	}
	return append(make([]byte, 0, max(len(log)+16, len(b))), log...), nil
}
