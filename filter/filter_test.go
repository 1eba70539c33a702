package filter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"kurir/leaktest"
)

// TestMain is also the program that is asked: "ask" and what it is to do are its arguments.
func TestMain(m *testing.M) {
	if len(os.Args) != 3 || os.Args[1] != "ask" {
		leaktest.Main(m) // does not return
	}
	var q Question
	body, _ := io.ReadAll(os.Stdin)
	if json.Unmarshal(body, &q) != nil || strings.Contains(strings.Join(os.Args, " "), q.Text) {
		os.Exit(2)
	}
	switch os.Args[2] {
	case "$(refuse); refuse": // a shell would make something else of it
		fmt.Print(`{"action": "refuse", "reason": "no `, q.Tag, `"}`)
	case "nothing":
	case "environment":
		for _, entry := range os.Environ() {
			if !strings.HasPrefix(entry, "PATH=") {
				os.Exit(1) // it has been given what is ours, passwords among it
			}
		}
	case "long":
		fmt.Print(strings.Repeat("x", mostAnswer+1))
	case "fail":
		os.Exit(1)
	case "sleep":
		<-time.After(time.Minute)
	}
	os.Exit(0)
}

func question() *Question {
	return &Question{Account: "acme", From: "ACME", To: "+46701234567", Text: "marked-text", Tag: "news"}
}

func TestProgram(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	for mode, want := range map[string]string{"$(refuse); refuse": "refuse no news", "nothing": " ", "environment": " ", "long": "error", "fail": "error", "sleep": "error"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			c := Config{Name: "words", Command: []string{self, "ask", mode}, User: me.Username, Timeout: 20 * time.Second}
			if mode == "sleep" {
				c.Timeout = 50 * time.Millisecond
			}
			c.Validate(func(field, problem string) { t.Errorf("%s %s", field, problem) })
			a, err := New(c).Ask(t.Context(), question())
			got := a.Action + " " + a.Reason
			if err != nil {
				got = "error"
				if strings.Contains(err.Error(), "marked") {
					t.Errorf("the error has the text: %v", err)
				}
			}
			if got != want {
				t.Errorf("%q, want %q: %v", got, want, err)
			}
		})
	}
}

// TestProgramIsNotRoot: where Kurir is root the program is nobody unless the file names a user, and what it has started ends
// with its time.
func TestProgramIsNotRoot(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("the program runs as Kurir's user here")
	}
	c := Config{Name: "words", Command: []string{"/bin/sh", "-c", `echo '{"action": "refuse", "reason": "'$(id -un)'"}'`}, Timeout: 20 * time.Second}
	if a, err := New(c).Ask(t.Context(), question()); err != nil || a.Reason != "nobody" {
		t.Errorf("it ran as %q, %v", a.Reason, err)
	}
	c.User = "no-such-user"
	var wrong []string
	c.Validate(func(field, problem string) { wrong = append(wrong, field+" "+problem) })
	if want := `user there is no user "no-such-user" here`; len(wrong) != 1 || wrong[0] != want {
		t.Errorf("%q, want %s", wrong, want)
	}
}

// TestProgramLeavesNothing: what the program has started is ended with it when its time is over.
func TestProgramLeavesNothing(t *testing.T) {
	t.Parallel()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	note := filepath.Join(t.TempDir(), "pid")
	c := Config{Name: "words", Command: []string{"/bin/sh", "-c", "sleep 60 & echo $! > " + note + "; wait"}, User: me.Username}
	pid := ""
	for c.Timeout = time.Second; pid == ""; c.Timeout *= 4 { // longer, if the program did not even begin
		if _, err := New(c).Ask(t.Context(), question()); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("it ended with %v", err)
		}
		text, err := os.ReadFile(note)
		if pid = strings.TrimSpace(string(text)); pid == "" && c.Timeout > 10*time.Second {
			t.Fatal(err)
		}
	}
	for began := time.Now(); ; runtime.Gosched() { // a killed process takes a moment to go
		state, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil || strings.Contains(string(state), ") Z ") { // or a zombie that nobody has waited for yet
			return
		}
		if time.Since(began) > time.Minute {
			t.Fatalf("what it started still runs: %s", state)
		}
	}
}

func TestURL(t *testing.T) {
	t.Parallel()
	var answer func(w http.ResponseWriter, q *Question)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var q Question
		if json.NewDecoder(r.Body).Decode(&q) != nil || r.Method != http.MethodPost {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		answer(w, &q)
	}))
	t.Cleanup(s.Close)
	f := New(Config{Name: "words", URL: s.URL, AtOnce: 1, Timeout: 20 * time.Second})
	t.Cleanup(f.Close)
	for said, want := range map[string]string{
		"":                                    "",
		`{"action": "allow"}`:                 "allow",
		`{"action": "change", "text": "new"}`: "change",
		`{"action": "perhaps"}`:               "error",
		"yes":                                 "error",
	} {
		answer = func(w http.ResponseWriter, _ *Question) { _, _ = io.WriteString(w, said) }
		a, err := f.Ask(t.Context(), question())
		got := a.Action
		if err != nil {
			got = "error"
		}
		if got != want || want == "change" && *a.Text != "new" {
			t.Errorf("%s: %+v, %v", said, a, err)
		}
	}
	answer = func(w http.ResponseWriter, _ *Question) { w.WriteHeader(http.StatusInternalServerError) }
	if _, err := f.Ask(t.Context(), question()); err == nil {
		t.Error("status 500 is an answer")
	}
	answer = func(w http.ResponseWriter, _ *Question) { // not followed: the text would go where nobody said
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(http.StatusTemporaryRedirect)
		answer = func(w http.ResponseWriter, _ *Question) { _, _ = io.WriteString(w, "{}") }
	}
	if _, err := f.Ask(t.Context(), question()); err == nil {
		t.Error("status 307 is an answer")
	}
	// One at a time, a hundred in line, and no more.
	hold := make(chan struct{})
	answer = func(http.ResponseWriter, *Question) { <-hold }
	results := make(chan error, waitingPerPlace+1)
	for range waitingPerPlace + 1 {
		go func() {
			_, err := f.Ask(context.Background(), question())
			results <- err
		}()
	}
	for f.waiting.Load() <= waitingPerPlace {
		runtime.Gosched()
	}
	if _, err := f.Ask(t.Context(), question()); !errors.Is(err, ErrBusy) {
		t.Errorf("one too many: %v", err)
	}
	close(hold)
	for range waitingPerPlace + 1 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}

func TestMistakes(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]Config{
		"name":       {URL: "http://127.0.0.1/"},
		"url":        {Name: "a"},
		"command":    {Name: "a", URL: "http://127.0.0.1/", Command: []string{"/bin/x"}},
		"command[0]": {Name: "a", Command: []string{"x"}},
		"timeout":    {Name: "a", URL: "http://127.0.0.1/", Timeout: time.Hour},
		"unanswered": {Name: "a", URL: "http://127.0.0.1/", Unanswered: "perhaps"},
		"at_once":    {Name: "a", URL: "http://127.0.0.1/", AtOnce: -1},
	} {
		var fields []string
		c.Validate(func(field, _ string) { fields = append(fields, field) })
		if len(fields) != 1 || fields[0] != want {
			t.Errorf("%+v: %v, want %s", c, fields, want)
		}
	}
}

// TestUnanswered: that a filter does not answer is said once a minute, with of how many messages.
func TestUnanswered(t *testing.T) {
	t.Parallel()
	f, now := New(Config{Name: "a", URL: "http://127.0.0.1/"}), time.Unix(1_800_000_000, 0)
	for k, want := range []int64{1, 0, 0, 3, 0} {
		n, say := f.Unanswered(now)
		if say != (want > 0) || say && n != want {
			t.Errorf("call %d: %d, %t, want %d", k, n, say, want)
		}
		now = now.Add(unansweredEvery / 3)
	}
}
