package command

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"kurir/message"
	"kurir/program"
)

// Config is a program that messages from phones may start.
type Config struct {
	// Name by which rules name it.
	Name string `yaml:"name" example:"restart"`
	// Run is the program with its folder, and its arguments, as a list. {placeholders} of templates may stand in arguments;
	// each argument stays one, whatever the message says.
	Run []string `yaml:"run" example:"[/bin/echo, \"{rest}\"]"`
	// From is the phones that may start it: +46701234567. Others are refused, silently.
	From []string `yaml:"from" example:"[\"+46701234567\"]"`
	// Lists are the names of lists of senders (under lists) whose phones may start it too.
	Lists []string `yaml:"lists"`
	// Secret is shared with an app for one-time codes (TOTP: base32, at least 26 characters). The last word of the text is
	// then the code, which the program does not see. Empty: none is asked for.
	Secret message.Secret `yaml:"secret"`
	// User is the user as whom it runs, with his groups; another than Kurir's takes a Kurir that runs as root. Empty: Kurir's, but
	// nobody where that is root.
	User string `yaml:"user"`
	// Dir is the folder in which it runs. Empty: /.
	Dir string `yaml:"dir" example:"/"`
	// Timeout is how long it may run, 1s to 10m; then it is killed with all that it started. 0: 30s.
	Timeout time.Duration `yaml:"timeout" example:"30s"`
	// Output is how many octets of what it writes on standard output are taken, up to 64 KiB; more is dropped. 0: 4096.
	Output int `yaml:"output" example:"4096"`
	// Parts is how many parts an answer may have that it writes, 1 to 10; more is cut off. 0: 3.
	Parts int `yaml:"parts" example:"3"`
	// AtOnce is how many of it run at a time, 1 to 16. 0: 1.
	AtOnce int `yaml:"at_once" example:"1"`
	// MaxAge is how old a message may be when it is to start, 1s to 24h; after that it does not. 0: 10m.
	MaxAge time.Duration `yaml:"max_age" example:"10m"`
}

const (
	defaultTimeout = 30 * time.Second
	defaultOutput  = 4096
	mostOutput     = 64 << 10
	defaultParts   = 3
	mostParts      = 10
	mostAtOnce     = 16
	defaultMaxAge  = 10 * time.Minute
)

// WithDefaults fills in what is not given.
func (c Config) WithDefaults() Config {
	set(&c.Dir, "/")
	set(&c.Timeout, defaultTimeout)
	set(&c.Output, defaultOutput)
	set(&c.Parts, defaultParts)
	set(&c.AtOnce, 1)
	set(&c.MaxAge, defaultMaxAge)
	return c
}

func set[T comparable](v *T, to T) {
	var zero T
	if *v == zero {
		*v = to
	}
}

// Validate reports what is wrong, also with what is on this machine: the program, the folder, the user.
func (c *Config) Validate(report func(field, problem string)) {
	if c.Name == "" {
		report("name", "is missing")
	} else if problem := message.NameProblem(c.Name); problem != "" {
		report("name", problem)
	}
	switch {
	case len(c.Run) == 0:
		report("run", "is missing: the program with its folder, and its arguments, as a list")
	case !filepath.IsAbs(c.Run[0]):
		report("run[0]", fmt.Sprintf("%q is not a program with its folder, such as /usr/local/bin/restart", c.Run[0]))
	default:
		if info, err := os.Stat(c.Run[0]); err != nil {
			report("run[0]", fmt.Sprintf("there is no program %q here", c.Run[0]))
		} else if info.IsDir() || info.Mode()&0o111 == 0 {
			report("run[0]", fmt.Sprintf("%q cannot be run: it is no executable file", c.Run[0]))
		}
	}
	if len(c.From) == 0 && len(c.Lists) == 0 {
		report("from", "is missing, and so is lists: a command is for some phones only")
	}
	if c.Secret != "" {
		if _, err := c.secret(); err != nil {
			report("secret", err.Error())
		}
	}
	if c.Dir != "" {
		if info, err := os.Stat(c.Dir); err != nil || !info.IsDir() || !filepath.IsAbs(c.Dir) {
			report("dir", fmt.Sprintf("%q is no folder here, from / on", c.Dir))
		}
	}
	if err := program.UserProblem(c.User); err != nil {
		report("user", err.Error())
	}
	c.validateLimits(report)
}

func (c *Config) validateLimits(report func(field, problem string)) {
	within := func(field string, value, least, most time.Duration) {
		if value != 0 && (value < least || value > most) {
			report(field, fmt.Sprintf("is not between %v and %v", least, most))
		}
	}
	within("timeout", c.Timeout, time.Second, 10*time.Minute)
	within("max_age", c.MaxAge, time.Second, 24*time.Hour)
	for _, n := range []struct {
		field       string
		value, most int
	}{{"output", c.Output, mostOutput}, {"parts", c.Parts, mostParts}, {"at_once", c.AtOnce, mostAtOnce}} {
		if n.value < 0 || n.value > n.most {
			report(n.field, fmt.Sprintf("is not within 1 to %d", n.most))
		}
	}
}
