package main

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
)

// Users are a line each.
func TestUserList(t *testing.T) {
	t.Parallel()
	const rows = `{"users":[{"name":"anna","source":"api","account":"acme","role":"sender","mail":"anna@example.se","state":"active","second_factor":"2026-11-30T08:00:00Z","sessions":2,"last_seen":"2026-11-30T09:00:00Z"},` +
		`{"name":"olle","source":"file","account":"acme","role":"support","until":"2036-12-31","state":"disabled","sessions":0}]}`
	var out bytes.Buffer
	if err := remoteTo(t, 200, rows).listUsers(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	for i, want := range []string{
		"NAME ACCOUNT ROLE STATE FACTOR SESSIONS LAST USED MAIL UNTIL MADE", "anna acme sender active yes 2 2026-11-30T09:00:00Z anna@example.se - api",
		"olle acme support disabled no 0 - - 2036-12-31 file",
	} {
		if got := strings.Join(strings.Fields(lines[i]), " "); got != want {
			t.Errorf("it says %q, want %q", got, want)
		}
	}
}

// A password is made and printed once, or read and not printed; one that is too short is refused.
func TestUserPassword(t *testing.T) {
	t.Parallel()
	made, isMade, err := userPassword(nil, "")
	if err != nil || !isMade || len(made) != 16 {
		t.Errorf("made: %q, %v, %v", made, isMade, err)
	}
	given, isMade, err := userPassword(strings.NewReader("correct horse\r\nsecond"), "-")
	if err != nil || isMade || given != "correct horse" {
		t.Errorf("given: %q, %v, %v", given, isMade, err)
	}
	if _, _, err := userPassword(strings.NewReader("short\n"), "-"); err == nil || exitCode(err) != exitUsage {
		t.Errorf("short: %v", err)
	}
	for _, c := range []struct {
		made bool
		want string
	}{{true, "anna has the password made-password\n"}, {false, "anna has the password that was given\n"}} {
		var out bytes.Buffer
		fields := map[string]string{"password": "made-password"}
		if err := remoteTo(t, 200, `{}`).setUser(t.Context(), &out, http.MethodPatch, userPath("anna"), fields, "anna", c.made); err != nil || out.String() != c.want {
			t.Errorf("it says %q, %v, want %q", out.String(), err, c.want)
		}
	}
}

// An invitation is printed with the address of the server where that does not know its own; sessions are a line each.
func TestUserAccess(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	r := remoteTo(t, 200, `{"link":"/password?token=T","until":"2026-12-07T08:00:00Z","mailed":false,"why":"the user has no mail address"}`)
	if err := r.inviteUser(t.Context(), &out, "anna"); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); !strings.HasPrefix(got, "http://") || !strings.Contains(got, "/password?token=T\nis good once, until 2026-12-07T08:00:00Z; it was not sent by mail: the user has no mail address\n") {
		t.Errorf("it says %q", got)
	}
	out.Reset()
	r = remoteTo(t, 200, `{"sessions":[{"id":"0123","address":"192.0.2.1","agent":"Firefox","began":"B","last_seen":"S"}]}`)
	if err := r.listUserSessions(t.Context(), &out, "anna"); err != nil || !strings.Contains(strings.Join(strings.Fields(out.String()), " "), "0123 192.0.2.1 B S Firefox") {
		t.Errorf("it says %q, %v", out.String(), err)
	}
}
