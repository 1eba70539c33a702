package load_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"

	"kurir/load"
)

// mailServer takes mails, but for those to numbers that end with 5. It notes the recipients of those that it took.
func mailServer(t *testing.T) (addr string, taken func() map[string]int) {
	t.Helper()
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var serving sync.WaitGroup
	all := map[string]int{}
	serving.Go(func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer conn.Close()
				serveMail(conn, func(subject string) {
					mu.Lock()
					defer mu.Unlock()
					all[subject]++
				})
			})
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		serving.Wait()
	})
	return ln.Addr().String(), func() map[string]int {
		mu.Lock()
		defer mu.Unlock()
		return all
	}
}

// serveMail speaks with one client.
func serveMail(conn net.Conn, took func(subject string)) {
	fmt.Fprint(conn, "220 test\r\n")
	in := bufio.NewScanner(conn)
	body, subject := false, ""
	for in.Scan() {
		line := in.Text()
		answer := "250-test\r\n250 ok"
		switch {
		case body && line == ".":
			body = false
			took(subject)
		case body:
			if s, ok := strings.CutPrefix(line, "Subject: "); ok {
				subject = s
			}
			continue
		case strings.HasPrefix(line, "AUTH") && line != "AUTH PLAIN AGFjbWUAc2VjcmV0":
			answer = "535 5.7.8 no"
		case strings.HasPrefix(line, "AUTH"):
			answer = "235 2.0.0 ok"
		case strings.HasPrefix(line, "RCPT") && strings.Contains(line, "5@sms.example.se>"):
			answer = "550 5.1.1 no"
		case line == "DATA":
			body, answer = true, "354 go"
		}
		fmt.Fprint(conn, answer+"\r\n")
	}
}

// TestMail: every mail is known by the first word of its subject, and what is refused is counted by its reply.
func TestMail(t *testing.T) {
	t.Parallel()
	addr, taken := mailServer(t)
	opt := load.Options{Kind: load.SMTP, Address: addr, Domain: "sms.example.se", SystemID: "acme", Password: "secret", Connections: 4, Count: 200, Recipients: 10}
	r, err := load.Run(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	if r.Sent != 200 || r.Accepted != 180 || r.Refused != 20 || r.Errors["SMTP 550 5.1.1"] != 20 || r.Acceptance.Count != 180 {
		t.Errorf("report %+v", r)
	}
	if all := taken(); len(all) != 180 {
		t.Errorf("%d different mails came", len(all))
	}
	opt.Password = "wrong"
	if _, err = load.Run(context.Background(), opt); err == nil || !strings.Contains(err.Error(), "535 5.7.8 no") {
		t.Errorf("with a wrong password: %v", err)
	}
}
