package command

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"hash"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"kurir/leaktest"
	"kurir/message"
)

// TestMain is also the program that is run: "act" and what it is to do are its first arguments.
func TestMain(m *testing.M) {
	if len(os.Args) < 3 || os.Args[1] != "act" {
		leaktest.Main(m) // does not return
	}
	switch os.Args[2] {
	case "tell": // what it was given, a line each
		input, _ := io.ReadAll(os.Stdin)
		dir, _ := os.Getwd()
		fmt.Printf("%q %q %s %s %d", os.Args[3:], input, strings.Join(os.Environ(), " "), dir, os.Getuid())
	case "long":
		fmt.Print(strings.Repeat("å", 10_000))
	case "noise":
		fmt.Print("x\xff\xfe")
	case "fail":
		fmt.Print("bad")
		os.Exit(7)
	case "hang": // with a child that would outlive it
		child := exec.Command("/bin/sleep", "60")
		child.Stdout = os.Stdout
		_ = child.Start()
		_ = os.WriteFile(os.Args[3], []byte(fmt.Sprint(child.Process.Pid)), 0o600)
		_ = child.Wait()
	}
	os.Exit(0)
}

// testProgram is a Config that runs this test as the user that it has.
func testProgram(t *testing.T, act ...string) *Config {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	c := &Config{Name: "test", Run: append([]string{self, "act"}, act...), From: []string{"+46701234567"}, User: me.Username}
	c.Validate(func(field, problem string) { t.Errorf("%s %s", field, problem) })
	return c
}

// TestRun: whatever a message says, the program gets its arguments as they are, and nothing of Kurir's environment.
func TestRun(t *testing.T) {
	t.Setenv("KURIR_TEST_SECRET", "marked")
	c := testProgram(t)
	c.Dir = t.TempDir()
	r := Run(t.Context(), c, Call{Args: []string{"act", "tell", "one two; $(reboot)", "", "a\x00b"}, Env: []string{"KURIR_TEXT=x y"}, Input: []byte("text\n")})
	want := fmt.Sprintf(`["one two; $(reboot)" "" "ab"] "text\n" PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 HOME=%[1]s KURIR_TEXT=x y PWD=%[1]s %[1]s %[2]d`, c.Dir, os.Getuid())
	if r.Exit != 0 || r.Why != "" || strings.Replace(r.Output, " PWD="+c.Dir, "", 1) != strings.Replace(want, " PWD="+c.Dir, "", 1) {
		t.Errorf("%+v, want %s", r, want)
	}
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	run := func(c *Config, args ...string) Result {
		return Run(t.Context(), c, Call{Args: append([]string{"act"}, args...)})
	}
	c := testProgram(t)
	if r := run(c, "fail"); r.Exit != 7 || r.Output != "bad" || r.Why != "it ended with code 7" {
		t.Errorf("fail: %+v", r)
	}
	if r := run(c, "noise"); r.Output != "" || r.Exit != 0 {
		t.Errorf("noise: %+v", r)
	}
	c.Output, c.Parts = 1001, 2 // 500 characters and half of one; of Unicode 134 in two parts, of GSM 306
	if r := run(c, "long"); r.Output != strings.Repeat("å", 306) || r.Why != "" {
		t.Errorf("long: %d octets, %s", len(r.Output), r.Why)
	}
	gone := testProgram(t)
	gone.Run = []string{"/nowhere/program"}
	if r := run(gone); r.Exit != -1 || !strings.Contains(r.Why, "could not be started") {
		t.Errorf("gone: %+v", r)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r := Run(ctx, c, Call{Args: []string{"act", "tell"}}); r.Exit != -1 || r.Why == "" {
		t.Errorf("stopping: %+v", r)
	}
}

// TestTimeout: when the time is over, what the program started is killed too.
func TestTimeout(t *testing.T) {
	t.Parallel()
	c := testProgram(t)
	file := filepath.Join(t.TempDir(), "pid")
	var pid int
	for c.Timeout = time.Second; pid == 0; c.Timeout *= 4 { // longer, if the program did not even begin
		r := Run(t.Context(), c, Call{Args: []string{"act", "hang", file}})
		if r.Exit != -1 || r.Why != fmt.Sprintf("it was killed after %v, its time limit", c.Timeout) || r.Took > c.Timeout+19*time.Second {
			t.Fatalf("%+v", r)
		}
		text, err := os.ReadFile(file)
		if _, scan := fmt.Sscan(string(text), &pid); (err != nil || scan != nil) && c.Timeout > 10*time.Second {
			t.Fatal(err, scan)
		}
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range 6000 {
		if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err != nil && syscall.Kill(pid, 0) != nil || strings.Contains(string(stat), ") Z ") {
			return
		}
		<-tick.C
	}
	t.Errorf("the child %d still runs", pid)
}

// TestAnotherUser: only root can give the program another user.
func TestAnotherUser(t *testing.T) {
	t.Parallel()
	other, err := user.Lookup("nobody")
	if err != nil {
		t.Skip("there is no user nobody here")
	}
	c := testProgram(t)
	c.User, c.Dir = "nobody", "/"
	var wrong []string
	c.Validate(func(field, problem string) { wrong = append(wrong, field+" "+problem) })
	if os.Geteuid() != 0 {
		if len(wrong) != 1 || !strings.Contains(wrong[0], "runs as root") {
			t.Errorf("%q", wrong)
		}
		return
	}
	if len(wrong) > 0 {
		t.Errorf("%q", wrong)
	}
	c.Run = []string{"/bin/sh", "-c", "id -u; echo \"$1\"", "sh"}
	if r := Run(t.Context(), c, Call{Args: append(c.Run[1:], "a b")}); r.Output != other.Uid+"\na b" {
		t.Errorf("%+v, want the user %s", r, other.Uid)
	}
	c.User = "" // not root all the same
	if r := Run(t.Context(), c, Call{Args: append(c.Run[1:], "a b")}); r.Output != other.Uid+"\na b" {
		t.Errorf("%+v, want the user %s", r, other.Uid)
	}
}

// TestCodes has the vectors of RFC 6238 appendix B.
func TestCodes(t *testing.T) {
	t.Parallel()
	seed := strings.Repeat("1234567890", 7)
	for _, tt := range []struct {
		at                   int64
		sha1, sha256, sha512 string
	}{
		{59, "94287082", "46119246", "90693936"},
		{1111111109, "07081804", "68084774", "25091201"},
		{1111111111, "14050471", "67062674", "99943326"},
		{1234567890, "89005924", "91819424", "93441116"},
		{2000000000, "69279037", "90698825", "38618901"},
		{20000000000, "65353130", "77737706", "47863826"},
	} {
		for _, v := range []struct {
			h    func() hash.Hash
			key  string
			want string
		}{{sha1.New, seed[:20], tt.sha1}, {sha256.New, seed[:32], tt.sha256}, {sha512.New, seed[:64], tt.sha512}} {
			if got := totp(v.h, []byte(v.key), tt.at/codeStep, 8); got != v.want {
				t.Errorf("at %d: %s, want %s", tt.at, got, v.want)
			}
		}
	}
	c := Config{Secret: "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"} // the seed of 20 octets
	for _, tt := range []struct {
		code       string
		at, last   int64
		wantAccept bool
	}{
		{"081804", 1111111109, 0, true},
		{"081804", 1111111109 + 30, 0, true}, // clocks may differ by a step
		{"081804", 1111111109 - 30, 0, true},
		{"081804", 1111111109 + 90, 0, false},
		{"081804", 1111111109, 1111111109 / 30, false}, // used
		{"07081804", 1111111109, 0, false},
		{"", 1111111109, 0, false},
		{"081805", 1111111109, 0, false},
	} {
		if step := c.Code(tt.code, time.Unix(tt.at, 0), tt.last); step > 0 != tt.wantAccept {
			t.Errorf("%q at %d after %d: %d", tt.code, tt.at, tt.last, step)
		}
	}
	for _, secret := range []string{"short", "GEZDGNBV", "1111111111111111111111111111"} {
		if _, err := (&Config{Secret: message.Secret(secret)}).secret(); err == nil {
			t.Errorf("%s is a secret", secret)
		}
	}
}
