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
	const rows = `{"users":[{"name":"anna","source":"api","value":{"account":"acme","role":"sender","mail":"anna@example.se","password":"***"}},` +
		`{"name":"olle","source":"file","value":{"account":"acme","role":"support","until":"2036-12-31","disabled":true}}]}`
	var out bytes.Buffer
	if err := remoteTo(t, 200, rows).listUsers(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	for i, want := range []string{"NAME ACCOUNT ROLE MAIL UNTIL SIGNS IN MADE", "anna acme sender anna@example.se - yes api", "olle acme support - 2036-12-31 no, disabled file"} {
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
