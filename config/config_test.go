package config

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"kurir/gateway"
	"kurir/route"

	"kurir/connector"
)

var update = flag.Bool("update", false, "write the expected files anew")

func environment(name string) (string, bool) {
	value, ok := map[string]string{"SMSC_HOST": "smsc.example.com", "WINDOW": "7", "SECRET": "open sesame"}[name]
	return value, ok
}

// TestMistakes reads every file in testdata, which is named after its mistake, and compares what is said about it.
func TestMistakes(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".yaml"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			file, mistakes := Parse("kurir.yaml", text, environment)
			if file != nil || len(mistakes) == 0 {
				t.Fatal("nothing is found wrong with it")
			}
			golden(t, strings.TrimSuffix(name, ".yaml")+".golden", mistakes.Error()+"\n")
		})
	}
}

// golden compares with a file of what is expected.
func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s:\n%s", name, diff)
	}
}

// The file in the design is a contract: other programs write such files.
func TestContract(t *testing.T) {
	t.Parallel()
	f, mistakes := Load("testdata/good/contract.yaml")
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	if f.Data != "./data" || f.Database != "sqlite" || f.Node != "a" || f.HTTP.Listen != "127.0.0.1:8080" || f.SMPP.Listen != "127.0.0.1:2775" {
		t.Errorf("server: %+v", f)
	}
	op1 := f.Connectors[0]
	if op1.Name != "op1" || op1.Kind != "smpp" || op1.Settings.(*connector.SMPPConfig) == nil {
		t.Fatalf("connector: %+v", op1)
	}
	if c := op1.Settings.(*connector.SMPPConfig); c.Name != "op1" || c.Hosts[0] != "127.0.0.1:2776" || c.SystemID != "kurir" || c.Password.Reveal() != "secret" || c.Sessions != 2 || c.Window != 100 {
		t.Errorf("smpp: %+v", c)
	}
	if a := f.Accounts[0]; a.Name != "acme" || a.Password.Reveal() != "secret" || a.APIKeys[0].Reveal() != "acme-key" || a.Senders[0] != "*" {
		t.Errorf("account: %+v", a)
	}
	if diff := cmp.Diff([]route.Rule{{To: route.Patterns{"*"}, Via: route.Via{{Link: "op1"}}}}, f.Routes); diff != "" {
		t.Errorf("routes: %s", diff)
	}
	want := []gateway.InboundRule{{Keyword: route.Patterns{"info"}, Do: []gateway.InboundAction{{Webhook: "http://127.0.0.1:9000/in"}}}}
	if diff := cmp.Diff(want, f.Inbound); diff != "" {
		t.Errorf("inbound: %s", diff)
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	f, mistakes := Load("testdata/good/defaults.yaml")
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	if diff := cmp.Diff(Default(), *f, cmpopts.IgnoreUnexported(File{})); diff != "" {
		t.Errorf("a file that says nothing: %s", diff)
	}
	if f.SMPP.Listen != "" {
		t.Error("SMPP is served though nobody asked")
	}
	// What is given as 0 or as nothing is the default too.
	f, mistakes = Parse("x", []byte("limits: {max_parts: 0}\nlog:\nhttp: {listen: \"\"}\nvalidity: 0\n"), environment)
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	if diff := cmp.Diff(Default(), *f, cmpopts.IgnoreUnexported(File{})); diff != "" {
		t.Errorf("zeros: %s", diff)
	}
}

// TestKindAndNameAreValuesToo: those of a connector may come from where all others may.
func TestKindAndNameAreValuesToo(t *testing.T) {
	t.Parallel()
	f, mistakes := Parse("x", []byte("log: {level: &level info}\n"+
		"connectors: [{name: \"${env:SMSC_HOST}\", kind: \"${env:KIND}\", hosts: [\"127.0.0.1:1\"], system_id: k}, {name: *level, kind: smpp, hosts: [\"127.0.0.1:1\"], system_id: k}]\n"+
		"routes: [{via: [smsc.example.com, info]}]\n"), func(name string) (string, bool) {
		if name == "KIND" {
			return "smpp", true
		}
		return environment(name)
	})
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	for i, want := range []string{"smsc.example.com", "info"} {
		if c := f.Connectors[i]; c.Name != want || c.Settings.(*connector.SMPPConfig).Name != want || c.Kind != "smpp" {
			t.Errorf("connector %q of kind %q with settings for %q, want %q", c.Name, c.Kind, c.Settings.(*connector.SMPPConfig).Name, want)
		}
	}
}

// TestSendersAsWritten: in whatever form senders are written, the account may use them.
func TestSendersAsWritten(t *testing.T) {
	t.Parallel()
	f, mistakes := Parse("x", []byte(`accounts: [{name: a, password: x, country: "46", sender: "0046 70-999 99 99", `+
		`senders: ["+46 70-123 45 67", "0047*", "ACME", "08-120 00"]}]`), environment)
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	for sender, want := range map[string]bool{
		"+46709999999": true, "46709999999": true, "+46701234567": true, "0046701234567": true, "+4741234567": true,
		"ACME": true, "0812000": true, "+46701234568": false, "47Bank": false, "ACME2": false,
	} {
		address, err := route.Sender(sender, "46")
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Accounts[0].MaySend(address); got != want {
			t.Errorf("sender %s: permitted %v, want %v", sender, got, want)
		}
	}
}

func TestForever(t *testing.T) {
	t.Parallel()
	f, mistakes := Parse("x", []byte("retention: {messages: forever, counters: forever, texts: 7d}"), environment)
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	if r := f.Retention; r.Messages != Forever || r.Counters != Forever || r.Texts != 7*24*time.Hour {
		t.Errorf("%+v", r)
	}
	if _, mistakes = Parse("x", []byte("validity: forever"), environment); len(mistakes) != 1 {
		t.Errorf("validity for ever: %v", mistakes)
	}
}

func TestSecretsAndForms(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/good/secrets.yaml")
	if err != nil {
		t.Fatal(err)
	}
	f, mistakes := Parse("kurir.yaml", text, environment)
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	smpp := f.Connectors[0].Settings.(*connector.SMPPConfig)
	tests := []struct{ what, got, want string }{
		{"country without quotes", f.Country, "46"},
		{"days and hours", f.Validity.String(), (60 * time.Hour).String()},
		{"days", f.Retention.Texts.String(), (720 * time.Hour).String()},
		{"part of a value", smpp.Hosts[0], "smsc.example.com:2775"},
		{"file without its line end", smpp.Password.Reveal(), "a secret in a file"},
		{"escaped", f.Accounts[0].Password.Reveal(), "xopen sesamey${z"},
		{"digits stay as written", f.Accounts[1].Password.Reveal(), "0123"},
		{"inner struct", f.Accounts[1].SMPP.Password.Reveal(), "open sesame"},
		{"number of ours", f.Accounts[0].Numbers[0], "46737494949"},
		{"one link without a list", strings.Join(f.Routes[0].Via.Links(), ","), "op1"},
	}
	for _, test := range tests {
		if test.got != test.want {
			t.Errorf("%s: got %q, want %q", test.what, test.got, test.want)
		}
	}
	if smpp.Window != 7 {
		t.Errorf("number from the environment: %d", smpp.Window)
	}
}

// No message about a mistake quotes a secret, also where it stands in the wrong place.
func TestMistakesHideSecrets(t *testing.T) {
	t.Parallel()
	const secret = "correct-horse"
	for _, text := range []string{
		"accounts: [{name: a, password: {x: correct-horse}}]",
		"accounts: [{name: a, password: [correct-horse]}]",
		"accounts: [{name: a, api_keys: correct-horse}]",
		"accounts: [{name: a, password: x, rate: correct-horse}]",
		"accounts: [{name: a, api_keys: [correct-horse, correct-horse]}]",
		"accounts: [{name: a, password: $argon2id$correct-horse}]",
		"connectors: [{name: a, kind: smpp, window: correct-horse}]",
		"accounts: correct-horse",
		"database: postgres://kurir:correct-horse@[host/db",
		"database: correct-horse",
		"{database: postgres://db/kurir, database_listen: correct-horse}",
		"{database: postgres://db/kurir, database_listen: \"postgres://kurir:correct-horse@[host/db\"}",
		"database_listen: postgres://kurir:correct-horse@db/kurir",
		"accounts: [{name: a, password: \"x${correct-horse}y\"}]",
		"accounts: [{name: a, password: \"x${correct-horse:y}\"}]",
		"accounts: [{name: a, password: \"x${correct-horse\"}]",
		"accounts: [{name: a, password: x, webhook_secret: whsec_correct-horse}]",
		"log: {level: info, format: text, x: [correct-horse]}",
	} {
		_, mistakes := Parse("x", []byte(text), environment)
		if len(mistakes) == 0 {
			t.Errorf("%s: no mistake", text)
		}
		if strings.Contains(mistakes.Error(), secret) {
			t.Errorf("%s: %v", text, mistakes)
		}
	}
}

func TestLoadSaysWhichFile(t *testing.T) {
	t.Parallel()
	_, mistakes := Load(filepath.Join(t.TempDir(), "none.yaml"))
	if len(mistakes) != 1 || !strings.Contains(mistakes.Error(), "none.yaml: cannot be read: no such file") {
		t.Errorf("got %v", mistakes)
	}
	_, mistakes = Load(t.TempDir())
	if len(mistakes) != 1 || !strings.Contains(mistakes.Error(), "is a directory") {
		t.Errorf("got %v", mistakes)
	}
}

func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.yaml")
	good, _ := filepath.Glob("testdata/good/*.yaml")
	for _, name := range append(files, good...) {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file, mistakes := Parse("kurir.yaml", text, func(string) (string, bool) { return "", false })
		if (file == nil) == (len(mistakes) == 0) {
			t.Fatalf("file %v with mistakes %v", file, mistakes)
		}
		for _, m := range mistakes {
			if m.Text == "" || m.Line > 0 && m.Column < 1 {
				t.Fatalf("%+v", m)
			}
		}
	})
}
