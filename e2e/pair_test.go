package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"kurir/simulator"
)

// pairOf is the two servers of deploy/pair-a.yaml and pair-b.yaml. Each has an operator of its own.
func pairOf(t *testing.T, operators [2]string) (pair [2]*server) {
	t.Helper()
	for i := range pair {
		pair[i] = prepareServer(t, nil, serverOptions{connectors: []string{}})
	}
	for i, name := range []string{"pair-a.yaml", "pair-b.yaml"} {
		text, err := os.ReadFile(filepath.Join("..", "deploy", name))
		if err != nil {
			t.Fatal(err)
		}
		pairs := []string{
			"10.0.0.11:2775", pair[0].smpp, "10.0.0.12:2775", pair[1].smpp, "addresses: [10.0.0.11]", "addresses: [127.0.0.1]", "addresses: [10.0.0.12]", "addresses: [127.0.0.1]",
			"smsc.example:3550", operators[i], "system_id: acme", "system_id: kurir", `":8080"`, pair[i].http, `":2775"`, pair[i].smpp, "/var/lib/kurir", pair[i].data(),
		}
		for j := 0; j < len(variables); j += 2 {
			pairs = append(pairs, "${env:"+variables[j]+"}", variables[j+1])
		}
		file := strings.NewReplacer(pairs...).Replace(string(text))
		if left := regexp.MustCompile(`(?m)^[^#\n]*(10\.0\.0\.|\$\{|example).*$`).FindString(file); left != "" {
			t.Fatalf("%s has something that no test can run: %s", name, left)
		}
		pair[i].write(file)
	}
	return pair
}

// TestPair: of two servers without a database server one loses its operator: its messages go by the other, and their receipts
// come back. What waits at a server that dies waits until that server is back.
func TestPair(t *testing.T) {
	t.Parallel()
	addr := freeAddr(t)
	simA, simB := startSimulator(t, simulator.Options{SMPP: addr}), startSimulator(t, simulator.Options{})
	pair := pairOf(t, [2]string{addr, simB.Addr()})
	a, b := pair[0], pair[1]
	a.start()
	b.start()
	linked(t, simA)
	linked(t, simB)
	up := func(s *server, link string, want float64) {
		t.Helper()
		eventually(t, fmt.Sprintf("kurir_link_up of %s is %v", link, want), func() bool { return s.metric(`kurir_link_up{link="`+link+`"}`) == want })
	}
	up(a, "op1", 1) // which the operator knows earlier
	a.becomes(a.send("+46701000001", "own "+textMark), "delivered")
	if one, other := simA.Stats().Accepted, simB.Stats().Accepted; one != 1 || other != 0 {
		t.Fatalf("the operators have %d and %d messages, want the first of a by its own", one, other)
	}

	up(a, "other", 1)
	simA.Close()
	took := stopwatch()
	a.becomes(a.send("+46701000002", "by the other "+textMark), "delivered")
	t.Logf("without an operator of its own a message is delivered after %v", took())
	if n := simB.Stats().Accepted; n != 1 {
		t.Errorf("the other's operator has %d messages, want 1", n)
	}

	b.proc.stop()
	up(a, "other", 0)
	waits := a.send("+46701000003", "waits "+textMark)
	if m := a.message(waits); m.State != "queued" {
		t.Errorf("with neither operator nor the other server a message is %s", m.State)
	}
	a.proc.kill()
	b.start()
	b.becomes(b.send("+46701000004", "of the other "+textMark), "delivered")
	if n := simB.Stats().Accepted; n != 2 {
		t.Errorf("the other's operator has %d messages, want 2: what waits at a server that is dead waits for it", n)
	}
	a.start()
	a.becomes(waits, "delivered")
	if n := simB.Stats().Accepted; n != 3 {
		t.Errorf("the other's operator has %d messages, want 3", n)
	}
}
