package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"kurir/simulator"
)

// streamed is a line of the answer to a stream of messages.
type streamed struct {
	Line     int
	ID, Code string
	Summary  *struct {
		Lines, Accepted, Errors int
		Complete                bool
		NextLine                int `json:"next_line"`
		Code                    string
	}
}

// streamLines writes so many messages, one a line; every thousandth has a mistake.
func streamLines(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		to := fmt.Sprintf("+467012%05d", i%90_000)
		if i%1000 == 999 {
			to = "nobody"
		}
		fmt.Fprintf(&b, `{"to":%q,"text":"ref-%d %s","reference":"r%d","receipts":"none"}`+"\n", to, i, textMark, i)
	}
	return b.Bytes()
}

// TestStream: curl sends messages one a line and gets a result for each, as documented: in order, while it still
// sends, or the mistakes alone; from a file, from a pipe, and when the program stops in the middle.
func TestStream(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("curl"); err != nil {
		missing(t, "curl is not installed")
	}
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{})
	linked(t, sim)

	const n = 3000
	file := filepath.Join(s.dir, "messages.ndjson")
	if err := os.WriteFile(file, streamLines(n), 0o600); err != nil {
		t.Fatal(err)
	}
	curl := func(query string, args ...string) *exec.Cmd {
		args = append([]string{
			"-sSN", "-H", "Authorization: Bearer " + apiKey, "-H", "Content-Type: application/x-ndjson",
			"http://" + s.http + "/v1/messages" + query,
		}, args...)
		return exec.CommandContext(t.Context(), "curl", args...)
	}
	read := func(t *testing.T, out []byte) (lines []streamed) {
		t.Helper()
		for text := range bytes.Lines(out) {
			var l streamed
			if err := json.Unmarshal(text, &l); err != nil {
				t.Fatalf("%v: %.200q", err, text)
			}
			lines = append(lines, l)
		}
		if len(lines) == 0 || lines[len(lines)-1].Summary == nil {
			t.Fatalf("no summary: %.200q", out)
		}
		return lines
	}
	for name, args := range map[string][]string{"data": {"--data-binary", "@" + file}, "upload": {"-X", "POST", "-T", file}} {
		out, err := curl("", args...).Output()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		lines := read(t, out)
		if sum := lines[n].Summary; len(lines) != n+1 || !sum.Complete || sum.Accepted != n-n/1000 || sum.Errors != n/1000 {
			t.Fatalf("%s: %d lines, %+v", name, len(lines), sum)
		}
		for i, l := range lines[:n] {
			if l.Line != i+1 || (l.ID == "") != (i%1000 == 999) {
				t.Fatalf("%s: line %d is %+v", name, i+1, l)
			}
		}
	}
	out, err := curl("?summary=true", "-T", file, "-X", "POST").Output()
	if err != nil {
		t.Fatal(err)
	}
	if lines := read(t, out); len(lines) != n/1000+1 || lines[0].Line != 1000 || lines[0].Code != "bad_recipient" {
		t.Errorf("summary: %d lines", len(lines))
	}
	accepted := 3 * (n - n/1000)

	// Results come while curl still reads its input.
	live := curl("", "-X", "POST", "-T", ".")
	in, err := live.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	from, err := live.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := live.Start(); err != nil {
		t.Fatal(err)
	}
	results := bufio.NewReader(from)
	for i := range 10 {
		fmt.Fprintf(in, `{"to":"+46701234567","text":"live %d %s"}`+"\n", i, textMark)
		text, err := results.ReadString('\n')
		if l := (streamed{}); err != nil || json.Unmarshal([]byte(text), &l) != nil || l.Line != i+1 || l.ID == "" {
			t.Fatalf("%q %v", text, err)
		}
		accepted++
	}
	eventually(t, "all messages are with the operator", func() bool { return sim.Stats().Accepted >= int64(accepted) })

	// The program stops in the middle: what was taken is answered, and the client learns where to go on.
	go s.proc.stop()
	rest, err := io.ReadAll(results)
	if err != nil {
		t.Fatal(err)
	}
	_ = in.Close()
	_ = live.Wait()
	if lines := read(t, rest); lines[len(lines)-1].Summary.Code != "stopping" || lines[len(lines)-1].Summary.NextLine != 11 {
		t.Errorf("the end is %q", rest)
	}
	s.proc.stop()
}

// TestStreamReadLate: a client that reads only when it has sent everything is not shut in.
func TestStreamReadLate(t *testing.T) {
	t.Parallel()
	sim := startSimulator(t, simulator.Options{})
	s := startServer(t, sim, serverOptions{binary: plainBinary(t)})
	linked(t, sim)
	conn, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", s.http)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.(*net.TCPConn).SetReadBuffer(64 << 10)
	const n = 100_000
	body := streamLines(n)
	fmt.Fprintf(conn, "POST /v1/messages HTTP/1.1\r\nHost: kurir\r\nAuthorization: Bearer %s\r\nContent-Type: application/x-ndjson\r\nContent-Length: %d\r\nConnection: close\r\n\r\n", apiKey, len(body))
	if _, err := conn.Write(body); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	_, sum, found := strings.Cut(string(answer), `{"summary":`)
	if !found {
		t.Fatalf("no summary: ...%q", answer[max(0, len(answer)-300):])
	}
	t.Logf("%d octets of results, %s", len(answer), sum)
	if !strings.Contains(sum, `"complete":true`) && !strings.Contains(sum, `"next_line":`) {
		t.Errorf("summary %s", sum)
	}
}
