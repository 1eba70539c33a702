package message

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestIDsGrow(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	g := NewIDs(3, 0)
	last := ID(0)
	for i := range 200_000 { // more than fit into one millisecond
		if i == 100_000 {
			now = now.Add(-time.Hour) // the clock was put back
		}
		id := g.Next(now)
		if id <= last {
			t.Fatalf("id %d of %d is not greater than the one before", id, i)
		}
		if node := id >> idSequence & (1<<idNode - 1); node != 3 {
			t.Fatalf("id %d names node %d, want 3", id, node)
		}
		last = id
	}
	if next := NewIDs(3, last).Next(now); next <= last {
		t.Errorf("after a restart id %d does not follow %d", next, last)
	}
}

func TestIDTellsTime(t *testing.T) {
	t.Parallel()
	at := time.Date(2030, 2, 3, 4, 5, 6, 789e6, time.UTC)
	id := NewIDs(0, 0).Next(at)
	if !id.Time().Equal(at) {
		t.Errorf("the id says %v, want %v", id.Time().UTC(), at)
	}
	if first := FirstIDAt(at); first > id {
		t.Errorf("FirstIDAt gives %d, which is after %d", first, id)
	}
	if next := FirstIDAt(at.Add(time.Millisecond)); next <= id {
		t.Errorf("FirstIDAt of the next millisecond gives %d, which is not after %d", next, id)
	}
}

func TestFirstIDAtTheEndsOfTime(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		at   string
		want ID
	}{
		{"0001-01-01T00:00:00Z", 0},
		{"1970-01-01T00:00:00Z", 0},
		{"2024-12-31T23:59:59.999Z", 0},
		{"2025-01-01T00:00:00Z", 0},
		{"2025-01-01T00:00:00.001Z", 1 << idTimeShift},
		{"2094-09-07T15:47:35.551Z", (1<<41 - 1) << idTimeShift}, // the last of 2^41 ms
		{"2094-09-07T15:47:35.552Z", math.MaxInt64},
		{"2164-05-15T07:35:11.104Z", math.MaxInt64}, // 2^42 ms
		{"9999-12-31T23:59:59Z", math.MaxInt64},
	} {
		at, err := time.Parse(time.RFC3339Nano, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := FirstIDAt(at); got != c.want {
			t.Errorf("FirstIDAt(%s) = %d, want %d", c.at, got, c.want)
		}
	}
}

func TestIDText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		id := ID(rapid.Int64Min(0).Draw(t, "id"))
		text := id.String()
		if len(text) != 13 {
			t.Fatalf("%q has %d characters, want 13", text, len(text))
		}
		back, err := ParseID(text)
		if err != nil || back != id {
			t.Fatalf("ParseID(%q) = %d, %v; want %d", text, back, err, id)
		}
	})
	for _, bad := range []string{"", "0", "06y2tyysg000", "06y2tyysg00000", "i6y2tyysg0000", "zzzzzzzzzzzzz", "06y2tyysg000!"} {
		if id, err := ParseID(bad); err == nil {
			t.Errorf("ParseID(%q) = %d, want an error", bad, id)
		}
	}
	if lower, err := ParseID("06Y2TYYSG0000"); err != nil || lower.String() != "06y2tyysg0000" {
		t.Errorf("capital letters: %v, %v", lower, err)
	}
}
