#include "sandbox.h"

#include <errno.h>
#include <sched.h>
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
#ifndef SANITIZED
    SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv),
#endif
    SCMP_SYS(process_vm_writev), SCMP_SYS(kcmp),
    SCMP_SYS(pidfd_getfd), SCMP_SYS(mount), SCMP_SYS(umount2),
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
    SCMP_SYS(setfsuid), SCMP_SYS(setfsgid), SCMP_SYS(mknod),
    SCMP_SYS(mknodat), SCMP_SYS(syslog),
    SCMP_SYS(name_to_handle_at), SCMP_SYS(open_by_handle_at),
    SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter),
    SCMP_SYS(io_uring_register), SCMP_SYS(lookup_dcookie),
    SCMP_SYS(vhangup), SCMP_SYS(nfsservctl)};

/* What a child has no use for: its capabilities are gone already. */
static const int forbidden_child[] = {SCMP_SYS(execve), SCMP_SYS(execveat),
    SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(capset)};

/* misu answers and never calls; a library that tries may go on. */
static const int refused_keeper[] = {SCMP_SYS(connect), SCMP_SYS(socket),
    SCMP_SYS(bind), SCMP_SYS(listen)};

/* No disk; libraries look for their configuration, and do without. */
static const int refused_worker[] = {SCMP_SYS(open), SCMP_SYS(openat),
    SCMP_SYS(openat2), SCMP_SYS(creat), SCMP_SYS(truncate), SCMP_SYS(rename),
    SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(unlink),
    SCMP_SYS(unlinkat), SCMP_SYS(mkdir), SCMP_SYS(mkdirat), SCMP_SYS(rmdir),
    SCMP_SYS(link), SCMP_SYS(linkat), SCMP_SYS(symlink), SCMP_SYS(symlinkat),
    SCMP_SYS(chmod), SCMP_SYS(fchmodat), SCMP_SYS(chown), SCMP_SYS(lchown),
    SCMP_SYS(fchownat), SCMP_SYS(chdir), SCMP_SYS(fchdir),
    SCMP_SYS(setxattr), SCMP_SYS(lsetxattr), SCMP_SYS(utimensat)};

/* It is given its port, and reads; what it keeps it writes and renames. */
static const int refused_console[] = {SCMP_SYS(bind), SCMP_SYS(listen),
    SCMP_SYS(truncate), SCMP_SYS(mkdir), SCMP_SYS(mkdirat), SCMP_SYS(rmdir),
    SCMP_SYS(link), SCMP_SYS(linkat), SCMP_SYS(symlink), SCMP_SYS(symlinkat),
    SCMP_SYS(chmod), SCMP_SYS(fchmod), SCMP_SYS(fchmodat), SCMP_SYS(chown),
    SCMP_SYS(fchown), SCMP_SYS(lchown), SCMP_SYS(fchownat),
    SCMP_SYS(setxattr), SCMP_SYS(lsetxattr), SCMP_SYS(fsetxattr)};

/* It is given its ports, answers, and changes nothing. */
static const int refused_publisher[] = {SCMP_SYS(connect), SCMP_SYS(socket),
    SCMP_SYS(bind), SCMP_SYS(listen), SCMP_SYS(creat), SCMP_SYS(truncate),
    SCMP_SYS(rename), SCMP_SYS(renameat), SCMP_SYS(renameat2),
    SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(mkdir), SCMP_SYS(mkdirat),
    SCMP_SYS(rmdir), SCMP_SYS(link), SCMP_SYS(linkat), SCMP_SYS(symlink),
    SCMP_SYS(symlinkat), SCMP_SYS(chmod), SCMP_SYS(fchmod),
    SCMP_SYS(fchmodat), SCMP_SYS(chown), SCMP_SYS(fchown), SCMP_SYS(lchown),
    SCMP_SYS(fchownat), SCMP_SYS(setxattr), SCMP_SYS(lsetxattr),
    SCMP_SYS(fsetxattr), SCMP_SYS(pwrite64), SCMP_SYS(ftruncate)};

/* It asks others, and changes nothing. */
static const int refused_auditor[] = {SCMP_SYS(bind), SCMP_SYS(listen),
    SCMP_SYS(creat), SCMP_SYS(truncate), SCMP_SYS(rename), SCMP_SYS(renameat),
    SCMP_SYS(renameat2), SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(mkdir),
    SCMP_SYS(mkdirat), SCMP_SYS(rmdir), SCMP_SYS(link), SCMP_SYS(linkat),
    SCMP_SYS(symlink), SCMP_SYS(symlinkat), SCMP_SYS(chmod), SCMP_SYS(fchmod),
    SCMP_SYS(fchmodat), SCMP_SYS(chown), SCMP_SYS(fchown), SCMP_SYS(lchown),
    SCMP_SYS(fchownat), SCMP_SYS(setxattr), SCMP_SYS(lsetxattr),
    SCMP_SYS(fsetxattr), SCMP_SYS(pwrite64), SCMP_SYS(ftruncate)};

struct calls {
	const int *numbers;
	size_t count;
};

#define CALLS(array) {(array), sizeof(array) / sizeof(*(array))}

/* A call this machine does not have needs no rule. */
static bool
add_rules(scmp_filter_ctx filter, uint32_t action, struct calls calls)
{
	for (size_t i = 0; i < calls.count; i++)
		if (calls.numbers[i] >= 0 &&
		    seccomp_rule_add(filter, action, calls.numbers[i], 0) != 0)
			return false;
	return true;
}

/* Threads are made, processes are not; what clone3 hides is not seen. */
static bool
add_clone(scmp_filter_ctx filter)
{
#ifdef SANITIZED
	(void)filter;
	return true;
#else
	return seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS),
		   SCMP_SYS(clone3), 0) == 0 &&
	    seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, SCMP_SYS(clone),
		1, SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0)) == 0;
#endif
}

static bool
add_all(scmp_filter_ctx filter, enum sandbox sandbox)
{
	static const struct calls all = CALLS(forbidden),
				  child = CALLS(forbidden_child),
				  keeper = CALLS(refused_keeper),
				  worker = CALLS(refused_worker),
				  console = CALLS(refused_console),
				  publisher = CALLS(refused_publisher),
				  auditor = CALLS(refused_auditor);
	const struct calls *const refused[] = {[SANDBOX_KEEPER] = &keeper,
	    [SANDBOX_WORKER] = &worker,
	    [SANDBOX_CONSOLE] = &console,
	    [SANDBOX_PUBLISHER] = &publisher,
	    [SANDBOX_AUDITOR] = &auditor};

	if (!add_rules(filter, SCMP_ACT_KILL_PROCESS, all))
		return false;
	if (sandbox == SANDBOX_PARENT)
		return true;
	return add_rules(filter, SCMP_ACT_KILL_PROCESS, child) &&
	    add_clone(filter) &&
	    add_rules(filter, SCMP_ACT_ERRNO(EACCES), *refused[sandbox]);
}

static bool
load_filter(enum sandbox sandbox, struct fail *fail)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	bool ok;

	if (filter == NULL)
		return fail_memory(fail);
	ok = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0 &&
	    add_all(filter, sandbox) && seccomp_load(filter) == 0;
	seccomp_release(filter);
	return ok ||
	    fail_set(fail, FAIL_WORLD, "cannot load the seccomp filter");
}

bool
sandbox_enter(enum sandbox sandbox, struct fail *fail)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return fail_set(fail, FAIL_WORLD,
		    "cannot give up new privileges: %s", strerror(errno));
	return load_filter(sandbox, fail);
}
