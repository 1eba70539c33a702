package e2e

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"testing"
	"time"
)

// browser is one page in a headless Chromium, driven over the pipe of its DevTools protocol.
type browser struct {
	t       testing.TB
	to      io.Writer
	from    *bufio.Reader
	number  int
	session string

	watchdog *time.Timer // when it is over, the browser is killed
}

// longestCall is how long a browser may take over one thing that it is told to do.
const longestCall = 3 * time.Minute

// openBrowser opens an address in a window of this many pixels.
func openBrowser(t testing.TB, address string, width, height int) *browser {
	t.Helper()
	chromium := lookPath(t, "chromium", "Chromium")
	dir, err := os.MkdirTemp("", "kurir-browser-") // not the test's own: its last processes may still write while that is removed
	if err != nil {
		t.Fatal(err)
	}
	theirIn, ourOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	ourIn, theirOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic",
		"--user-data-dir="+dir, "--remote-debugging-pipe", "about:blank")
	cmd.ExtraFiles = []*os.File{theirIn, theirOut} // descriptors 3 and 4
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirIn.Close()
	theirOut.Close()
	b := &browser{t: t, to: ourOut, from: bufio.NewReader(ourIn)}
	b.watchdog = time.AfterFunc(longestCall, func() { cmd.Process.Kill() }) // whoever reads from it then fails
	t.Cleanup(func() {
		b.session = ""
		if err := b.try("Browser.close", nil, nil); err != nil {
			cmd.Process.Kill()
		}
		cmd.Wait()
		b.watchdog.Stop()
		os.RemoveAll(dir)
		ourIn.Close()
		ourOut.Close()
	})
	var target struct{ TargetID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}, nil)
	b.call("Page.navigate", map[string]any{"url": address}, nil)
	return b
}

// call does something in the browser and reads what comes of it.
func (b *browser) call(method string, params, result any) {
	b.t.Helper()
	if err := b.try(method, params, result); err != nil {
		b.t.Fatal(err)
	}
}

func (b *browser) try(method string, params, result any) error {
	b.watchdog.Reset(longestCall)
	b.number++
	request := map[string]any{"id": b.number, "method": method}
	if params != nil {
		request["params"] = params
	}
	if b.session != "" {
		request["sessionId"] = b.session
	}
	text, err := json.Marshal(request)
	if err != nil {
		return err
	}
	if _, err := b.to.Write(append(text, 0)); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	for {
		line, err := b.from.ReadBytes(0)
		if err != nil {
			return fmt.Errorf("%s: %w", method, err)
		}
		var answer struct {
			ID     int
			Error  *struct{ Message string }
			Result json.RawMessage
		}
		switch err := json.Unmarshal(line[:len(line)-1], &answer); {
		case err != nil:
			return fmt.Errorf("%s: %w", method, err)
		case answer.ID != b.number: // an event
			continue
		case answer.Error != nil:
			return fmt.Errorf("%s: %s", method, answer.Error.Message)
		case result == nil:
			return nil
		}
		return json.Unmarshal(answer.Result, result)
	}
}

// betweenPages is what the browser says of an expression while it leaves one page for another.
var betweenPages = regexp.MustCompile(`navigated or closed|context was destroyed|Cannot find (default execution )?context`)

// eval gives what an expression of JavaScript that is a text is on the page; empty also while the page is not there.
func (b *browser) eval(expression string) string {
	b.t.Helper()
	var got struct{ Result struct{ Value any } }
	err := b.try("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true}, &got)
	if err != nil && !betweenPages.MatchString(err.Error()) {
		b.t.Fatal(err)
	}
	text, _ := got.Result.Value.(string)
	return text
}

// shows waits until an expression is a text on the page, all of which is there: what is done next finds its fields and scripts.
func (b *browser) shows(expression, want string) {
	b.t.Helper()
	got := ""
	defer func() {
		if b.t.Failed() {
			b.t.Logf("it shows %q at %s", got, b.eval("location.href"))
		}
	}()
	eventually(b.t, fmt.Sprintf("the page shows %q as %s", want, expression), func() bool {
		got = b.eval(expression)
		return got == want && b.eval(`document.readyState`) == "complete"
	})
}

// open opens an address and waits until all of the page is there, and not the one before, which may look like it.
func (b *browser) open(address string) {
	b.t.Helper()
	b.leaves(address+" is open", func() { b.call("Page.navigate", map[string]any{"url": address}, nil) })
}

// leaves does what leads to another page, and waits until all of that is there.
func (b *browser) leaves(what string, act func()) {
	b.t.Helper()
	b.eval(`window.left = true; ""`)
	act()
	eventually(b.t, what, func() bool { return b.eval(`String(window.left) + document.readyState`) == "undefinedcomplete" })
}

// keys are the keys that press knows, with their codes in Windows.
var keys = map[string]int{"Tab": 9, "Enter": 13, "Escape": 27, "ArrowUp": 38, "ArrowDown": 40, " ": 32}

// press presses a key of keys.
func (b *browser) press(key string) {
	b.t.Helper()
	event := map[string]any{"type": "keyDown", "key": key, "code": key, "windowsVirtualKeyCode": keys[key]}
	switch key {
	case "Enter":
		event["text"] = "\r"
	case " ":
		event["text"], event["code"] = " ", "Space"
	}
	b.call("Input.dispatchKeyEvent", event, nil)
	event["type"] = "keyUp"
	delete(event, "text")
	b.call("Input.dispatchKeyEvent", event, nil)
}

// types types a text where the focus is.
func (b *browser) types(text string) {
	b.t.Helper()
	b.call("Input.insertText", map[string]any{"text": text}, nil)
}
