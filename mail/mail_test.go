package mail

import (
	"bufio"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"strings"
	"testing"
	"time"
)

// server takes mails on a socket in plain text, and says no to the recipient
// nobody@example.com.
func server(t *testing.T, extension string) (addr string, got <-chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	mails := make(chan string, 1)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serve(conn, extension, mails)
			_ = conn.Close()
		}
	}()
	return l.Addr().String(), mails
}

func serve(conn net.Conn, extension string, mails chan<- string) {
	say := func(text string) { _, _ = io.WriteString(conn, text+"\r\n") }
	lines := bufio.NewScanner(conn)
	say("220 ready")
	data, mail := false, ""
	for lines.Scan() {
		line := lines.Text()
		switch {
		case data && line == ".":
			data = false
			mails <- mail
			say("250 taken")
		case data:
			mail += strings.TrimPrefix(line, ".") + "\r\n"
		case strings.HasPrefix(line, "EHLO"):
			say("250-here\r\n250 " + extension)
		case strings.Contains(line, "nobody@"):
			say("550 no such mailbox")
		case line == "DATA":
			data = true
			say("354 go on")
		case line == "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

func testMail() *Message {
	return &Message{
		From: "kurir@example.com", To: []string{"duty@example.com"}, Subject: "Länken är nere\r\nBcc: x@example.com",
		Text: "En rad\n.en punkt först\nåäö\n", ID: "1@example.com", Date: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC),
	}
}

// TestSend: what the server gets reads back as it was written, and a line break
// in a subject makes no header of its own.
func TestSend(t *testing.T) {
	t.Parallel()
	addr, got := server(t, "8BITMIME")
	s := &Server{Addr: addr, TLS: "none"}
	if err := s.Send(t.Context(), testMail()); err != nil {
		t.Fatal(err)
	}
	m, err := netmail.ReadMessage(strings.NewReader(<-got))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != "Länken är nere\r\nBcc: x@example.com" && subject != "Länken är nere  Bcc: x@example.com" {
		t.Errorf("subject %q, %v", subject, err)
	}
	if m.Header.Get("Bcc") != "" {
		t.Error("a subject made a header")
	}
	text, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if want := "En rad\r\n.en punkt först\r\nåäö\r\n"; err != nil || strings.TrimSpace(string(text)) != strings.TrimSpace(want) {
		t.Errorf("text %q, %v", text, err)
	}
}

// TestSendRefused: a recipient that is refused and a server that cannot encrypt
// are errors.
func TestSendRefused(t *testing.T) {
	t.Parallel()
	addr, _ := server(t, "8BITMIME")
	m := testMail()
	if err := (&Server{Addr: addr}).Send(t.Context(), m); err == nil || !strings.Contains(err.Error(), "STARTTLS") {
		t.Errorf("a plain server got a mail: %v", err)
	}
	m.To = append(m.To, "nobody@example.com")
	if err := (&Server{Addr: addr, TLS: "none"}).Send(t.Context(), m); err == nil || !strings.Contains(err.Error(), "nobody@example.com") {
		t.Errorf("a recipient that is refused: %v", err)
	}
}
