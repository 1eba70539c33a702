package config_test

import (
	"testing"

	"kurir/config"
)

// TestCommonHash: what each server has for itself does not count, nor comments and order; everything else does.
func TestCommonHash(t *testing.T) {
	t.Parallel()
	hash := func(text string) string {
		t.Helper()
		f, err := config.Parse("kurir.yaml", []byte(text), func(string) (string, bool) { return "", false })
		if err != nil {
			t.Fatal(err)
		}
		return f.CommonHash()
	}
	const common = "accounts:\n  - {name: acme, password: secret-one, senders: [\"*\"]}\n"
	a := hash("node: a\ndata: ./a\nhttp: {listen: 127.0.0.1:1}\n" + common)
	b := hash("# b\n" + common + "http: {listen: 127.0.0.1:2}\nnode: b\n")
	if a == "" || a != b {
		t.Errorf("servers that differ in what is theirs: %q and %q", a, b)
	}
	if c := hash("node: a\naccounts:\n  - {name: acme, password: secret-two, senders: [\"*\"]}\n"); c == a {
		t.Error("another password is not seen")
	}
}
