//! Open files on their way from the service to a child, with the header of the job they belong to
//! (`SCM_RIGHTS`, unix(7)).

use std::{
    fs::File,
    io::{self, IoSlice, IoSliceMut},
    mem::MaybeUninit,
    os::{
        fd::{AsFd, BorrowedFd},
        unix::net::UnixStream,
    },
};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, recvmsg, sendmsg,
};

use super::protocol::HEADER;

/// Files of a job: the one to read and the one to write.
const MAX_FILES: usize = 2;

/// Sends the header of a job and its files. Does not block on a socket that must not.
pub(super) fn send_header(
    socket: impl AsFd,
    header: [u8; HEADER],
    files: &[BorrowedFd<'_>],
) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FILES))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !ancillary.push(SendAncillaryMessage::ScmRights(files)) {
        return Err(io::Error::other("too many files for a job"));
    }
    let sent = sendmsg(socket, &[IoSlice::new(&header)], &mut ancillary, no_signal())?;
    if sent == HEADER { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
}

/// A closed socket is an error, not the end of the process. (macOS has a socket option instead, which
/// the standard library sets.)
fn no_signal() -> SendFlags {
    #[cfg(target_vendor = "apple")]
    return SendFlags::empty();
    #[cfg(not(target_vendor = "apple"))]
    SendFlags::NOSIGNAL
}

/// The header of the next job and its files; `None` when there are no more jobs.
pub(super) fn receive_header(socket: &UnixStream) -> io::Result<Option<([u8; HEADER], Vec<File>)>> {
    let mut header = [0; HEADER];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FILES))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let received = loop {
        let mut buffer = [IoSliceMut::new(&mut header)];
        match recvmsg(socket, &mut buffer, &mut ancillary, RecvFlags::empty()) {
            Err(rustix::io::Errno::INTR) => {}
            received => break received?.bytes,
        }
    };
    if received == 0 {
        return Ok(None);
    }
    let files = ancillary.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(files) => Some(files.map(File::from)),
        _ => None,
    });
    let files: Vec<File> = files.flatten().collect();
    if received < HEADER {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some((header, files)))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek, Write};

    use super::*;

    #[test]
    fn files_travel_with_their_header() {
        let (service, child) = UnixStream::pair().unwrap();
        let mut document = tempfile::tempfile().unwrap();
        document.write_all(b"words").unwrap();
        document.rewind().unwrap();
        let output = tempfile::tempfile().unwrap();
        send_header(&service, [1, 2, 3, 4], &[document.as_fd(), output.as_fd()]).unwrap();
        drop(service);

        let (header, mut files) = receive_header(&child).unwrap().unwrap();
        assert_eq!((header, files.len()), ([1, 2, 3, 4], 2));
        let mut words = String::new();
        files[0].read_to_string(&mut words).unwrap();
        assert_eq!(words, "words");
        assert!(receive_header(&child).unwrap().is_none());
    }

    #[test]
    fn nobody_listens_is_an_error() {
        let (service, child) = UnixStream::pair().unwrap();
        drop(child);
        assert!(send_header(&service, [0; HEADER], &[]).is_err());
    }
}
