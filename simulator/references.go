package simulator

import (
	"bufio"
	"bytes"
	"fmt"
	"hash/maphash"
	"io"
	"sync"
)

// References says what of a text is its unique reference.
type References uint8

// The choices: nothing is counted, the first word, the whole text. In a long message that comes in parts the first
// word is that of its first part; with the whole text every part counts for itself.
const (
	ReferencesOff References = iota
	ReferencesWord
	ReferencesText
)

var referenceWords = []string{"off", "word", "text"}

// String gives off, word or text.
func (r References) String() string { return wordText(r, referenceWords) }

// MarshalText is String.
func (r References) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads what String writes.
func (r *References) UnmarshalText(b []byte) error { return parseWord(r, b, referenceWords) }

// reference cuts the reference out of a text; nil when it has none.
func (r References) reference(text []byte) []byte {
	if r == ReferencesWord {
		text = bytes.TrimLeft(text, " ")
		if i := bytes.IndexAny(text, " \r\n\t"); i >= 0 {
			text = text[:i]
		}
	}
	return text
}

// seen counts how often each reference arrived. It keeps 64 bits of hash per reference, 20 to 40 octets of memory:
// of ten million references two share a hash once in 400,000 runs.
type seen struct {
	mu    sync.Mutex
	seed  maphash.Seed
	times map[uint64]uint32
	total int64
}

func newSeen() *seen { return &seen{seed: maphash.MakeSeed(), times: map[uint64]uint32{}} }

// hash is computed outside the lock.
func (s *seen) hash(reference []byte) uint64 { return maphash.Bytes(s.seed, reference) }

// add counts the references of a batch.
func (s *seen) add(hashes []uint64) {
	if len(hashes) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, h := range hashes {
		s.times[h]++
	}
	s.total += int64(len(hashes))
}

// reset forgets all references.
func (s *seen) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.times, s.total = map[uint64]uint32{}, 0
}

// ReferenceCounts is what GET and POST /counts answer.
type ReferenceCounts struct {
	Received   int64 `json:"received"`   // messages with a reference
	Distinct   int64 `json:"distinct"`   // different references
	Duplicated int64 `json:"duplicated"` // references that arrived more than once
	Repeats    int64 `json:"repeats"`    // arrivals beyond the first of each reference
	// Of a set of expected references, when one was given:
	Expected    int64    `json:"expected"`
	Missing     int64    `json:"missing"`
	Examples    []string `json:"missing_examples,omitempty"` // the first hundred
	Twice       []string `json:"duplicated_examples,omitempty"`
	Unannounced int64    `json:"unannounced"` // different references that were not expected
}

// counts sums up.
func (s *seen) counts() ReferenceCounts {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := ReferenceCounts{Received: s.total, Distinct: int64(len(s.times)), Repeats: s.total - int64(len(s.times))}
	for _, n := range s.times {
		if n > 1 {
			c.Duplicated++
		}
	}
	return c
}

// compare reads expected references, one a line, and says which did not arrive.
func (s *seen) compare(expected io.Reader) (ReferenceCounts, error) {
	const examples = 100
	c := s.counts()
	found := map[uint64]struct{}{}
	lines := bufio.NewScanner(expected)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		h := s.hash(line)
		s.mu.Lock()
		n := s.times[h]
		s.mu.Unlock()
		c.Expected++
		switch {
		case n == 0:
			c.Missing++
			if len(c.Examples) < examples {
				c.Examples = append(c.Examples, string(line))
			}
			continue
		case n > 1 && len(c.Twice) < examples:
			c.Twice = append(c.Twice, string(line))
		}
		found[h] = struct{}{}
	}
	c.Unannounced = max(0, c.Distinct-int64(len(found)))
	if err := lines.Err(); err != nil {
		return c, fmt.Errorf("read the expected references, one a line: %w", err)
	}
	return c, nil
}
