package mail

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// update writes the expected texts anew: go test ./mail -run '^TestSamples$' -update. What
// changes is to be read before it is kept.
var update = flag.Bool("update", false, "write the expected texts of testdata")

// TestSamples reads mails of many kinds and compares what became of them with
// the text beside each: with the line ends of SMTP, and as programs hand them on.
func TestSamples(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d samples, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".eml"), func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := describe(t, bytes.ReplaceAll(raw, []byte("\n"), []byte("\r\n")))
			expected := strings.TrimSuffix(file, ".eml") + ".txt"
			if *update {
				if err := os.WriteFile(expected, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(expected)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(withoutSizes(got), withoutSizes(describe(t, raw))); diff != "" {
				t.Errorf("with other line ends:\n%s", diff)
			}
		})
	}
}

// describe writes what was read of a mail, then the text of the SMS.
func describe(t *testing.T, raw []byte) string {
	t.Helper()
	l, err := Read(bytes.NewReader(raw), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", name, value)
		}
	}
	line("from", strings.TrimSpace(l.From.Name+" <"+l.From.Addr+">"))
	for _, to := range l.To {
		line("to", strings.TrimSpace(to.Name+" <"+to.Addr+">"))
	}
	line("subject", l.Subject)
	if !l.Date.IsZero() {
		line("date", l.Date.Format("2006-01-02 15:04:05 -0700"))
	}
	line("id", l.ID)
	line("cost", strings.Trim(l.Header("X-Kurir-Cost-1")+","+l.Header("X-Kurir-Cost-2"), ","))
	origin, why := l.Origin("someone@example.se")
	line("origin", strings.TrimSuffix(string(origin)+", "+why, ", "))
	for _, a := range l.Attachments {
		inline := ""
		if a.Inline {
			inline = ", inline"
		}
		line("attachment", fmt.Sprintf("%q %s %d%s", a.Name, a.Type, a.Size, inline))
	}
	for _, d := range l.Bounces {
		line("bounce", fmt.Sprintf("%s %s %s %s", d.Recipient, d.Action, d.Status, d.Diagnostic))
	}
	line("bounced", l.BouncedID)
	for _, d := range l.Defects {
		line("defect", d)
	}
	options, rest, err := ParseSubject(l.Subject)
	if err != nil {
		t.Error(err)
	}
	l.Subject = rest
	if options != (Options{}) {
		line("options", fmt.Sprintf("%+v", options))
	}
	fmt.Fprintf(&b, "--- the text of the mail\n%s--- the text of the message\n%s\n", l.Text, (&Rule{ListAttachments: true}).Text(l))
	return b.String()
}

// withoutSizes takes out what depends on the line ends of a mail.
func withoutSizes(text string) string {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		if !strings.HasPrefix(line, "attachment: ") && !strings.HasPrefix(line, "[") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}
