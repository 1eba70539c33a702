package mail

import (
	"bufio"
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// scripted is a server that answers each command as told; it closes the connection after 421.
func scripted(t *testing.T, answer func(line string) string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _ = io.WriteString(conn, "220 ready\r\n")
				for lines := bufio.NewScanner(conn); lines.Scan(); {
					if line := lines.Text(); line == "." || !strings.Contains(line, ": ") && strings.ToUpper(line[:min(4, len(line))]) == line[:min(4, len(line))] && line != "" {
						said := answer(line)
						_, _ = io.WriteString(conn, said+"\r\n")
						if strings.HasPrefix(said, "421") {
							return
						}
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

// TestSession: several mails go by one connection, also behind one that was refused; what the server says of a mail for good is
// told from what it says for now and from what breaks before it had the mail.
func TestSession(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	says := map[string]string{}
	addr := scripted(t, func(line string) string {
		mu.Lock()
		defer mu.Unlock()
		verb, _, _ := strings.Cut(line, " ")
		if verb == "MAIL" || verb == "RCPT" || verb == "." {
			if said := says[verb]; said != "" {
				return said
			}
		}
		if verb == "DATA" {
			return "354 go on"
		}
		return "250 ok"
	})
	server := &Server{Addr: addr, TLS: "none"}
	s, err := server.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	m := testMail()
	m.Text = "x\n"
	for _, c := range []struct {
		verb, said                string
		permanent, unsent, usable bool
		code                      int
	}{
		{"", "", false, false, true, 0},
		{"RCPT", "550 5.1.1 no such mailbox", true, false, true, 550},
		{"RCPT", "451 later", false, false, true, 451},
		{"MAIL", "530 5.7.0 sign in first", false, false, true, 530},
		{".", "554 5.7.1 spam", true, false, true, 554},
		{".", "452 full", false, false, true, 452},
		{"", "", false, false, true, 0},
		{"MAIL", "421 going away", false, false, false, 421},
	} {
		mu.Lock()
		clear(says)
		says[c.verb] = c.said
		mu.Unlock()
		err := s.Send(t.Context(), m)
		code := 0
		if refused := Refusal(err); refused != nil {
			code = refused.Code
		}
		if (err == nil) != (c.said == "") || Permanent(err) != c.permanent || Unsent(err) != c.unsent || s.Usable() != c.usable || code != c.code {
			t.Errorf("%s %q: %v, permanent %v, unsent %v, usable %v, code %d", c.verb, c.said, err, Permanent(err), Unsent(err), s.Usable(), code)
		}
	}
	if err := s.Send(t.Context(), m); err == nil || !Unsent(err) || Permanent(err) {
		t.Errorf("a mail by a closed connection: %v", err)
	}
}

// TestSessionRefused: nobody waits for a session that is not wanted any more, and a login that fails is no fault of the mail.
func TestSessionRefused(t *testing.T) {
	t.Parallel()
	addr := scripted(t, func(string) string { return "250 ok" })
	server, m := &Server{Addr: addr, TLS: "none"}, testMail()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := server.Open(ended); err == nil {
		t.Error("a session was made though nobody wants it any more")
	}
	if err := (&Server{Addr: addr, TLS: "none", User: "kurir", Password: "x"}).Send(t.Context(), m); err == nil || Permanent(err) {
		t.Errorf("a login that cannot be: %v", err)
	}
}
