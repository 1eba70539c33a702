package account

import (
	"testing"
	"time"
)

// The secret before signs until the time that is given, without one for ever.
func TestHookSecrets(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 5, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		expires, previous string
		at                time.Time
	}{
		{"", "old", noon},
		{"2026-11-05T12:00:01Z", "old", noon},
		{"2026-11-05T12:00:00Z", "", noon},
		{"2026-11-05", "old", noon}, // the end of the day
		{"2026-11-04", "", noon},
	} {
		d := NewDirectory([]Account{{Name: "a", WebhookSecret: "new", WebhookSecretPrevious: "old", WebhookSecretPreviousExpires: c.expires}}, nil)
		if secret, previous := d.ByName("a").HookSecrets(c.at); secret != "new" || previous != c.previous {
			t.Errorf("until %q: %q and %q", c.expires, secret, previous)
		}
	}
	if key := HookKey(NewHookSecret()); len(key) != 32 {
		t.Errorf("a secret of %d octets", len(key))
	}
}
