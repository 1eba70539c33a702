package message

import (
	"math"
	"regexp"
	"slices"
	"testing"
	"time"
)

// Each id has a UUID of its own, which leads back to it, and their order is that of the ids.
func TestUUID(t *testing.T) {
	t.Parallel()
	random := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	ids := []ID{0, 1, 15, 16, 0xFFF0, 0xFFFF, 0x10000, FirstIDAt(time.Date(2026, 11, 5, 8, 30, 0, 0, time.UTC)), math.MaxInt64}
	var texts []string
	for _, id := range ids {
		text := id.UUID()
		if !random.MatchString(text) {
			t.Errorf("%d: %s is no UUID of version 4", id, text)
		}
		if back, err := ParseUUID(text); err != nil || back != id {
			t.Errorf("%d: %s is read as %d, %v", id, text, back, err)
		}
		if back, err := ParseID(text); err != nil || back != id {
			t.Errorf("%d: %s is no id: %d, %v", id, text, back, err)
		}
		texts = append(texts, text)
	}
	if !slices.IsSorted(texts) {
		t.Errorf("not in the order of the ids: %v", texts)
	}
}

// A UUID of somebody else's names no message.
func TestForeignUUID(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "07033084-5cfd-4812-90a4-e4d24ffb6e3d", "00000000-0000-0000-0000-000000000000", "06rqap7800000",
		ID(1).UUID()[:35] + "0", ID(1).UUID()[:35] + "x", ID(1).UUID() + "0",
	} {
		if text == ID(1).UUID() {
			continue
		}
		if id, err := ParseUUID(text); err == nil {
			t.Errorf("%q is %d", text, id)
		}
	}
}

func FuzzParseUUID(f *testing.F) {
	f.Add(ID(12345).UUID())
	f.Fuzz(func(t *testing.T, text string) {
		if id, err := ParseUUID(text); err == nil && len(text) != len(id.UUID()) {
			t.Errorf("%q is %d", text, id)
		}
	})
}
