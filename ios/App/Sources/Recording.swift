import AVFoundation
import HomeroundKit
import SwiftUI

/// Plays a recording from memory for as long as it is shown: leaving the screen and locking the phone stop it.
struct Recording: View {
    let bytes: Data
    let ended: @MainActor () -> Void
    @State private var words = heard(seconds: 0, of: 0)
    @State private var plays = true

    var body: some View {
        Text(plays ? words.text : told("recording_not_played"))
            .foregroundStyle(.secondary)
            .task { await play() }
    }

    private func play() async {
        // Else a phone that is switched to silent plays nothing. Where that is refused it plays as it may.
        try? AVAudioSession.sharedInstance().setCategory(.playback)
        guard let player = try? AVAudioPlayer(data: bytes), player.play() else {
            plays = false
            return
        }
        // In the background, and when somebody rings, the system stops it.
        while player.isPlaying, !Task.isCancelled {
            words = heard(seconds: player.currentTime, of: player.duration)
            try? await Task.sleep(for: .milliseconds(250))
        }
        player.stop()
        if !Task.isCancelled { ended() }
    }
}
