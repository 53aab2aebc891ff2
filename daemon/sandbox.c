#include "sandbox.h"

#include <errno.h>
#include <seccomp.h>
#include <string.h>
#include <sys/prctl.h>

/* The leak check of the sanitizers traces its own process. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif

/* What nothing in misu or its libraries has a use for. */
static const int forbidden[] = {
    SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork),
#ifndef SANITIZED
    SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv),
#endif
    SCMP_SYS(process_vm_writev), SCMP_SYS(kcmp), SCMP_SYS(pidfd_getfd), SCMP_SYS(mount), SCMP_SYS(umount2),
    SCMP_SYS(pivot_root), SCMP_SYS(chroot), SCMP_SYS(move_mount),
    SCMP_SYS(fsopen), SCMP_SYS(fsmount), SCMP_SYS(open_tree),
    SCMP_SYS(unshare), SCMP_SYS(setns), SCMP_SYS(init_module),
    SCMP_SYS(finit_module), SCMP_SYS(delete_module), SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load), SCMP_SYS(reboot), SCMP_SYS(swapon),
    SCMP_SYS(swapoff), SCMP_SYS(sethostname), SCMP_SYS(setdomainname),
    SCMP_SYS(settimeofday), SCMP_SYS(clock_settime), SCMP_SYS(clock_adjtime),
    SCMP_SYS(adjtimex), SCMP_SYS(iopl), SCMP_SYS(ioperm), SCMP_SYS(acct),
    SCMP_SYS(quotactl), SCMP_SYS(bpf), SCMP_SYS(perf_event_open),
    SCMP_SYS(userfaultfd), SCMP_SYS(keyctl), SCMP_SYS(add_key),
    SCMP_SYS(request_key), SCMP_SYS(personality), SCMP_SYS(setuid),
    SCMP_SYS(setgid), SCMP_SYS(setreuid), SCMP_SYS(setregid),
    SCMP_SYS(setresuid), SCMP_SYS(setresgid), SCMP_SYS(setgroups),
    SCMP_SYS(setfsuid), SCMP_SYS(setfsgid), SCMP_SYS(capset),
    SCMP_SYS(mknod), SCMP_SYS(mknodat), SCMP_SYS(syslog),
    SCMP_SYS(name_to_handle_at), SCMP_SYS(open_by_handle_at),
    SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter),
    SCMP_SYS(io_uring_register), SCMP_SYS(lookup_dcookie),
    SCMP_SYS(vhangup), SCMP_SYS(nfsservctl)};

/* A call this machine does not have needs no rule. */
static bool
add_rules(scmp_filter_ctx filter)
{
	for (size_t i = 0; i < sizeof(forbidden) / sizeof(*forbidden); i++)
		if (forbidden[i] >= 0 &&
		    seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS,
			forbidden[i], 0) != 0)
			return false;
	/* misu answers and never calls; a library that tries may go on. */
	return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES),
		   SCMP_SYS(connect), 0) == 0;
}

bool
sandbox_enter(struct fail *fail)
{
	scmp_filter_ctx filter;
	bool ok;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return fail_set(fail, FAIL_WORLD,
		    "cannot give up new privileges: %s", strerror(errno));
	filter = seccomp_init(SCMP_ACT_ALLOW);
	if (filter == NULL)
		return fail_memory(fail);
	ok = add_rules(filter) && seccomp_load(filter) == 0;
	seccomp_release(filter);
	return ok ||
	    fail_set(fail, FAIL_WORLD, "cannot load the seccomp filter");
}
