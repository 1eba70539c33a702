package filter

import (
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	"kurir/message"
	"kurir/program"
)

// Config describes a filter, which accounts and routes name.
type Config struct {
	// Name by which accounts and routes name it.
	Name string `yaml:"name" example:"words"`
	// URL that is asked: a POST with the message as JSON. Empty: command is asked.
	URL string `yaml:"url" example:"http://127.0.0.1:9100/ask"`
	// Command is a program and its arguments, as a list; it gets the message as JSON on its standard input. No shell is
	// between. The program is named with its folder.
	Command []string `yaml:"command"`
	// User is the user as whom the program runs, with his groups; another than Kurir's takes a Kurir that runs as root. Empty:
	// Kurir's, but nobody where that is root.
	User string `yaml:"user"`
	// Timeout is how long an answer may take, waiting for a free place included: 10ms to 1m. 0: 2s.
	Timeout time.Duration `yaml:"timeout" example:"2s"`
	// Unanswered says what becomes of a message when no answer comes in time, or none that can be read: refuse (with a
	// temporary error) or allow. Empty: refuse.
	Unanswered string `yaml:"unanswered" example:"refuse"`
	// AtOnce is how many messages are asked about at a time, 1 to 1000; a hundred times as many may wait, more are refused
	// with a temporary error. 0: 10.
	AtOnce int `yaml:"at_once" example:"10"`
}

// Words of Config.Unanswered.
const (
	unansweredRefuse = "refuse"
	unansweredAllow  = "allow"
)

const (
	defaultTimeout = 2 * time.Second
	defaultAtOnce  = 10
	mostAtOnce     = 1000
)

// Validate reports what is wrong with a filter, each with the field as it is written in the file.
func (c *Config) Validate(report func(field, problem string)) {
	if c.Name == "" {
		report("name", "is missing")
	} else if problem := message.NameProblem(c.Name); problem != "" {
		report("name", problem)
	}
	switch {
	case c.URL == "" && len(c.Command) == 0:
		report("url", "is missing, and there is no command: give one of them")
	case c.URL != "" && len(c.Command) > 0:
		report("command", "and url exclude each other")
	case c.URL != "":
		if u, err := url.Parse(c.URL); err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
			report("url", fmt.Sprintf("%q is not an address such as http://host/path or https://host/path", c.URL))
		}
	case !filepath.IsAbs(c.Command[0]):
		report("command[0]", fmt.Sprintf("%q is not a program with its folder, such as /usr/local/bin/words", c.Command[0]))
	}
	if err := program.UserProblem(c.User); err != nil && len(c.Command) > 0 {
		report("user", err.Error())
	}
	if c.Timeout != 0 && (c.Timeout < 10*time.Millisecond || c.Timeout > time.Minute) {
		report("timeout", "is not between 10ms and 1m")
	}
	if c.Unanswered != "" && c.Unanswered != unansweredRefuse && c.Unanswered != unansweredAllow {
		report("unanswered", fmt.Sprintf("%.40q is not refuse or allow", c.Unanswered))
	}
	if c.AtOnce < 0 || c.AtOnce > mostAtOnce {
		report("at_once", fmt.Sprintf("is not within 1 to %d", mostAtOnce))
	}
}
