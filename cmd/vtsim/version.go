package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/vtsim/vtsim/conformance/contract"
)

// release is set by the linker: -X main.release=v1.2.3.
var release string

// version is the release, or the module's version, and the commit.
func version() string {
	name, commit := release, ""
	if info, ok := debug.ReadBuildInfo(); ok {
		if name == "" {
			name = info.Main.Version
		}
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" && len(setting.Value) >= 12 {
				commit = " " + setting.Value[:12]
			}
		}
	}
	if name == "" || name == "(devel)" {
		name = "development"
	}
	return name + commit
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{Use: "version", Short: "Print the versions of vtsim and of the specification it holds",
		Example: "  vtsim version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			c, err := contract.Load()
			if err != nil {
				return err
			}
			fmt.Fprintf(a.out, "vtsim %s, issuer API %s, %s %s/%s\n", version(), c.Spec(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return nil
		}}
}
