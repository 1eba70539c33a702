package message

import "testing"

// TestLooping: what comes back at once, or has been here more than three times,
// goes in circles; a long way and a text sent often do not.
func TestLooping(t *testing.T) {
	t.Parallel()
	way := func(ids ...uint64) *Extra {
		x := &Extra{}
		for _, id := range ids {
			x = &Extra{TLVs: []TLV{{Tag: TagPassed, Value: x.Passing(id)}}}
		}
		return x
	}
	for _, tt := range []struct {
		name string
		x    *Extra
		want bool
	}{
		{"nothing said", nil, false},
		{"other parameters", &Extra{TLVs: []TLV{{Tag: 0x1400, Value: make([]byte, 80)}}}, false},
		{"its own link", way(1), true},
		{"another's", way(2), false},
		{"a long way", way(2, 3, 4, 5, 6, 7, 8, 9), false},
		{"back three times", way(1, 2, 1, 2, 1, 2), false},
		{"back four times", way(1, 2, 1, 2, 1, 2, 1, 2), true},
		{"too short to be an id", &Extra{TLVs: []TLV{{Tag: TagPassed, Value: []byte{1, 2, 3}}}}, false},
	} {
		if got := tt.x.Looping(1); got != tt.want {
			t.Errorf("%s: %t", tt.name, got)
		}
	}
	x := &Extra{}
	for id := range uint64(100) {
		x = way(x.passed()...)
		x = &Extra{TLVs: []TLV{{Tag: TagPassed, Value: x.Passing(id)}}}
	}
	if n := len(x.passed()); n != passedMost {
		t.Errorf("%d are kept", n)
	}
}
